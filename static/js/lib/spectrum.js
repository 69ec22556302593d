// A spectrogram's tiles as pixels: levels of loudness, column by column and low pitch first, become one colour more or less opaque.

/** The coarsest level of which a view still has a column for three of four pixels; the finest where none has. */
export function levelFor(levels, lengthUs, pixels) {
  for (let n = levels.length - 1; n > 0; n--) if (lengthUs / levels[n].column_us >= pixels * 0.75) return n;
  return 0;
}

/** RGBA into `pixels` (a picture of tile.length / bands × bands); silence is clear, the loudest step opaque. */
export function paint(pixels, tile, bands, steps, [red, green, blue]) {
  const wide = tile.length / bands;
  for (let x = 0; x < wide; x++) {
    for (let band = 0; band < bands; band++) {
      const at = 4 * ((bands - 1 - band) * wide + x);
      pixels[at] = red;
      pixels[at + 1] = green;
      pixels[at + 2] = blue;
      // Weak sound is kept pale: most of a picture is noise, and what matters stands out of it.
      pixels[at + 3] = Math.round(255 * (tile[x * bands + band] / steps) ** 2);
    }
  }
}
