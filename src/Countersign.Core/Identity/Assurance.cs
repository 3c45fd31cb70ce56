namespace Countersign.Core.Identity;

/// <summary>How strongly a vote is tied to a person; the order is the strength.</summary>
public enum Assurance
{
    Token,
    Chat,
    Session,
    Passkey,
}
