"""The variables that carry a plan into a service."""

from hypothesis import given
from hypothesis import strategies as st

from glassware.environment import Binding, Settings, from_variables, to_variables


NAME = st.from_regex(r"[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,4}){0,2}", fullmatch=True)
TEXT = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20)
WORD = st.from_regex(r"[a-z/][a-z/-]{0,8}", fullmatch=True)


@given(
    st.builds(
        Settings,
        site=TEXT,
        service=TEXT,
        url=TEXT,
        mounts=st.lists(WORD, max_size=3).map(tuple),
        calls=st.none() | st.lists(WORD, max_size=3).map(tuple),
        neighbours=st.dictionaries(NAME, TEXT, max_size=3),
        databases=st.dictionaries(
            NAME, st.builds(Binding, engine=TEXT, url=TEXT), max_size=3
        ),
    )
)
def test_what_is_written_is_read(settings):
    """Both directions agree, for every name and value."""
    assert from_variables(to_variables(settings)) == settings


def test_a_password_is_not_in_the_text_of_a_binding():
    """Settings end up in tracebacks; credentials must not."""
    binding = Binding(engine="postgresql", url="postgresql://a:secret@b/c")

    assert "secret" not in repr(Settings(databases={"main": binding}))
