using System.Buffers;

namespace Countersign.Gates.Credentials;

/// <summary>Which credentials an HTTP request can carry, and in which header.</summary>
internal static class HeaderText
{
    /// <summary>Longest value in characters; servers take 8 to 16 KiB of headers.</summary>
    public const int Longest = 8 * 1024;

    /// <summary>What the gates themselves say in a request; a credential there would change its meaning.</summary>
    private static readonly string[] Own =
    [
        "Accept", "Connection", "Expect", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade",
    ];

    private static readonly string[] OwnPrefixes = ["Content-", "Mcp-"];

    private static readonly SearchValues<char> Printable =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)]);

    /// <summary><c>null</c> when a request can carry a credential under this name.</summary>
    public static string? WhyNoName(string name)
    {
        using var request = new HttpRequestMessage();
        return !request.Headers.TryAddWithoutValidation(name, "x")
            || Own.Contains(name, StringComparer.OrdinalIgnoreCase)
            || OwnPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            ? $"'{name}' is no header that a request can carry a credential in"
            : null;
    }

    /// <summary><c>null</c> when a header can carry this; the reason never shows any of it.</summary>
    public static string? WhyNoValue(string value) => value switch
    {
        "" => "the credential is empty",
        { Length: > Longest } => $"the credential is longer than {Longest} characters",
        _ when value.AsSpan().ContainsAny('\r', '\n') => "the credential holds a line break, which no header can",
        _ when value.AsSpan().ContainsAnyExcept(Printable) =>
            "the credential holds a character that is no printable ASCII, which no header can",
        _ when value[0] == ' ' || value[^1] == ' ' => "the credential begins or ends with a blank, which gets lost",
        _ => null,
    };
}
