"""The errors: each says what went wrong, where, and what to do next.

AssistantError
├── SettingsError        a setting is unknown, or its value impossible
├── LibraryError         the library cannot be opened, read or written
│   ├── LibraryBusy      another process is writing to it
│   └── IndexMismatch    the index was made by another embedder
├── EmbedderError        the embedding model is missing, altered or fails
├── ReaderError          the entailment model that checks citations is missing or altered
├── StoreError           the vector store or the keyword index fails
├── LLMError             the language model cannot be reached, refuses or breaks off
├── SourceError          a source is unknown, or cannot be followed
├── PaperNotFound        no paper has this title or id
│   └── CollectionNotFound  no collection that may be used here has this name
├── QuestionError        a question is empty or not text
│   ├── NoSuchDays       the last day is before the first
│   └── CollectionError  a collection cannot be made or changed like this
├── PromptError          a prompt file is missing or has an unknown placeholder
├── ExportError          a text is not an exported answer, or is from a newer program
├── BackupError          a library cannot be exported to a file, or imported from it
├── DatabaseError        the file of conversations or of accounts cannot be opened, read or written
├── ConversationNotFound there is no such conversation or turn for this person
├── AccountError         a name, a password or a permission is refused
├── MissingExtra         an optional part is not installed
└── AddressError         the page cannot be served at this address
"""


class AssistantError(Exception):
    """Any error the package raises on purpose. Its text can be shown to the user."""


class SettingsError(AssistantError):
    """A setting is unknown, or its value impossible."""


class LibraryError(AssistantError):
    """The library cannot be opened, read or written."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library."""


class IndexMismatch(LibraryError):
    """The index was made by another embedder than the one configured."""


class EmbedderError(AssistantError):
    """The embedding model is missing, altered or fails."""


class ReaderError(AssistantError):
    """The entailment model that checks citations is missing, altered or not usable."""


class StoreError(AssistantError):
    """The vector store or the keyword index fails."""


class LLMError(AssistantError):
    """The language model cannot be reached, refuses, breaks off or takes too long."""


class SourceError(AssistantError):
    """A source is unknown, or what should be followed cannot be."""


class PaperNotFound(AssistantError):
    """No paper has this title or id."""


class CollectionNotFound(PaperNotFound):
    """No collection that may be used here has this name."""


class QuestionError(AssistantError):
    """A question is empty or not text."""


class NoSuchDays(QuestionError):
    """The last day is before the first."""


class CollectionError(QuestionError):
    """A collection cannot be made or changed like this: it is there already, full, or somebody else's."""


class PromptError(AssistantError):
    """A prompt file is missing, or has an unknown placeholder."""


class ExportError(AssistantError):
    """A text is not an exported answer, or was written by a newer program."""


class BackupError(AssistantError):
    """A file of a whole library cannot be written, read, or imported here."""


class DatabaseError(AssistantError):
    """The file of conversations or of accounts cannot be opened, read or written."""


class ConversationNotFound(AssistantError):
    """There is no such conversation or turn, or it is someone else's, which is not revealed."""


class AccountError(AssistantError):
    """A name, a password or a permission is refused."""


class MissingExtra(AssistantError):
    """An optional part of the package is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(
            f"The extra {extra!r} is not installed. Install it with: pip install 'paper-assistant[{extra}]'"
        )


class AddressError(AssistantError):
    """The page cannot be served at this address."""
