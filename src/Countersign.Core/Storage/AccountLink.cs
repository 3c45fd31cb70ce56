namespace Countersign.Core.Storage;

/// <summary>
/// Names one account of a channel without saying whose it is: a keyed hash in lower-case hex, made by the channel.
/// </summary>
public readonly record struct AccountKey
{
    private const int Characters = 64;

    private readonly string? _value;

    public AccountKey(string value) => _value = value is { Length: Characters } && value.All(char.IsAsciiHexDigitLower)
        ? value
        : throw new ArgumentException($"An account key is {Characters} lower-case hex digits, not '{value}'.");

    public string Value => _value ?? throw new InvalidOperationException("A default AccountKey names nothing.");

    public override string ToString() => _value ?? "";
}

/// <summary>An account that stands for a person because both sides said so.</summary>
/// <param name="Account">Which account.</param>
/// <param name="Entry">Index of the <c>person.changed</c> entry.</param>
/// <param name="Payload">What that entry says: whose account it is; <c>null</c> when it was erased.</param>
public sealed record AccountLink(AccountKey Account, long Entry, ReadOnlyMemory<byte>? Payload);

/// <summary>
/// A change of which accounts stand for persons; its <c>person.changed</c> entry says whose they are.
/// </summary>
public abstract record AccountWrite
{
    private AccountWrite()
    {
    }

    /// <summary>Links an account; when it is linked already, <c>AccountTaken</c>.</summary>
    public sealed record Links(AccountKey Account) : AccountWrite;

    /// <summary>Ends exactly this link; when it is not in force any more, <c>AccountNotLinked</c>.</summary>
    public sealed record Unlinks(AccountKey Account, long Entry) : AccountWrite;
}
