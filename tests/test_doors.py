import pytest
pytestmark = pytest.mark.django_db(databases="__all__")
def test_x(cast, browsers):
    print(cast.ours.version.number)
def test_y(cast, browsers):
    print(cast.ours.version.number)
