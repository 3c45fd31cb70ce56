namespace Countersign.Server.Channels.Email;

/// <summary>
/// Where mail reaches somebody: a mailbox in ASCII without a name, quotes or comments. It identifies nobody; whoever
/// reads the mailbox still has to sign in.
/// </summary>
internal readonly record struct EmailAddress
{
    private const string LocalSigns = "!#$%&'*+-/=?^_`{|}~.";
    private const int MaxLocal = 64;

    private readonly string? _value;

    private EmailAddress(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default EmailAddress is nobody's.");

    public string Domain => Value[(Value.LastIndexOf('@') + 1)..];

    /// <exception cref="FormatException">It is no address, or of a kind that is rarely meant.</exception>
    public static EmailAddress Parse(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0
            && text.Length <= EmailLimits.Address
            && IsDotted(text[..at], c => char.IsAsciiLetterOrDigit(c) || LocalSigns.Contains(c))
            && at <= MaxLocal
            && IsDotted(text[(at + 1)..], c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-')
            ? new EmailAddress(text)
            : throw new FormatException($"'{text}' is no address like alice@example.com, in ASCII and without a name");
    }

    public override string ToString() => _value ?? "";

    private static bool IsDotted(string text, Predicate<char> allows) =>
        text.Length > 0 && text.All(allows.Invoke) && text.Split('.').All(part => part.Length > 0 && part[0] != '-');
}
