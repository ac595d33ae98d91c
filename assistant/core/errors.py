"""A failure in, one typed error out that says what was met, where, and what to do next.

AssistantError
├── SettingsError        a setting is unknown or impossible
├── LibraryError         the library cannot be opened, read or written
│   ├── LibraryBusy      another process is writing to it
│   └── IndexMismatch    the index was made by another embedder
├── EmbedderError        the embedding model is missing, altered or fails
├── ReaderError          the entailment model that checks citations is missing or altered
├── StoreError           the vector store or the keyword index fails
├── LLMError             the language model is out of reach, refuses or breaks off
├── PaperNotFound        a title or id names no paper held
├── QuestionError        a question is empty or not text
│   └── NoSuchDays       the last day wanted lies before the first
├── PromptError          a prompt file is missing or names something nothing fills
├── ExportError          what should be an exported answer is none, or is of a newer program
├── DatabaseError        the file of conversations or of accounts cannot be opened, read or written
├── ConversationNotFound no such conversation or turn, or it is another's
├── AccountError         a name, a password or a right is refused
├── MissingExtra         an optional part is not installed
└── AddressError         the page cannot be served at the address named
"""


class AssistantError(Exception):
    """Every error the package raises on purpose; its text is fit to be shown to a person."""


class SettingsError(AssistantError):
    """A setting is unknown or impossible."""


class LibraryError(AssistantError):
    """The library cannot be opened, read or written."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library."""


class IndexMismatch(LibraryError):
    """The index was made by an embedder other than the one now configured."""


class EmbedderError(AssistantError):
    """The embedding model is missing, altered or fails."""


class ReaderError(AssistantError):
    """The entailment model that checks citations is missing, altered or not usable."""


class StoreError(AssistantError):
    """The vector store or the keyword index fails."""


class LLMError(AssistantError):
    """The language model is out of reach, refuses, breaks off or takes too long."""


class PaperNotFound(AssistantError):
    """A title or id names no paper held."""


class QuestionError(AssistantError):
    """A question is empty or not text."""


class NoSuchDays(QuestionError):
    """The last day wanted lies before the first."""


class PromptError(AssistantError):
    """A prompt file is missing, or names something that nothing fills."""


class ExportError(AssistantError):
    """What should be an exported answer is none, or was written by a newer program."""


class DatabaseError(AssistantError):
    """The file of conversations or of accounts cannot be opened, read or written."""


class ConversationNotFound(AssistantError):
    """There is no such conversation or turn, or it is another's: which of the two is not told."""


class AccountError(AssistantError):
    """A name, a password or a right is refused."""


class MissingExtra(AssistantError):
    """An optional part of the package is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(
            f"The extra {extra!r} is not installed. Install it with: pip install 'paper-assistant[{extra}]'"
        )


class AddressError(AssistantError):
    """The page cannot be served at the address that was named."""
