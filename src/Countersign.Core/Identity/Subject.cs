using System.Diagnostics.CodeAnalysis;

namespace Countersign.Core.Identity;

/// <summary>
/// Who somebody is to whoever vouches for them: the issuer of their tokens and its own immutable name for them. Nothing
/// is compared but these two, byte for byte; an e-mail address or a user's name may pass on to somebody else (THR-007).
/// </summary>
public readonly record struct Subject
{
    /// <summary>Vouched for by the proxy in front of the console.</summary>
    public const string Proxy = "proxy";

    /// <summary>Proven by the key of a client certificate, whose SHA-256 is the name.</summary>
    public const string Certificate = "certificate";

    /// <summary>OpenID Connect Core section 2: a <c>sub</c> has at most 255 ASCII characters.</summary>
    private const int MaxName = 255;

    private const int MaxIssuer = 512;

    private readonly string? _issuer;
    private readonly string? _name;

    /// <exception cref="ArgumentException">One of the two is empty, too long or not printable ASCII.</exception>
    public Subject(string issuer, string name)
    {
        if (!IsPrintable(issuer, MaxIssuer) || issuer.Contains(' ', StringComparison.Ordinal))
        {
            throw new ArgumentException($"An issuer is 1 to {MaxIssuer} printable ASCII characters without blanks.");
        }

        if (!IsNamed(name))
        {
            throw new ArgumentException(
                $"The name that '{issuer}' has for somebody is 1 to {MaxName} printable ASCII characters, and " +
                "neither begins nor ends with a blank.");
        }

        (_issuer, _name) = (issuer, name);
    }

    public string Issuer => _issuer ?? throw new InvalidOperationException("A default Subject is nobody.");

    public string Name => _name ?? throw new InvalidOperationException("A default Subject is nobody.");

    /// <summary>Whether an issuer may call somebody so.</summary>
    public static bool IsNamed([NotNullWhen(true)] string? name) =>
        IsPrintable(name, MaxName) && name[0] != ' ' && name[^1] != ' ';

    /// <summary>The inverse of <see cref="ToString"/>.</summary>
    /// <exception cref="ArgumentException">The text is no issuer, a blank and a name.</exception>
    public static Subject Parse(string text) => text.Split(' ', 2) is [var issuer, var name]
        ? new Subject(issuer, name)
        : throw new ArgumentException($"'{text}' is not an issuer, a blank and its name for somebody.");

    public override string ToString() => $"{_issuer} {_name}";

    private static bool IsPrintable([NotNullWhen(true)] string? text, int longest) =>
        text is { Length: > 0 } && text.Length <= longest && text.All(c => c is >= ' ' and <= '~');
}
