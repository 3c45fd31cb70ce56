using System.Text;

namespace Countersign.Gates.Credentials;

/// <summary>What of a credential has to be found wherever its target repeats it.</summary>
internal static class SecretParts
{
    /// <summary>What shorter texts would be found by chance.</summary>
    private const int ShortestMasked = 8;

    private const string Basic = "Basic ";

    public static IEnumerable<string> Of(IEnumerable<CredentialHeader> headers) => headers
        .SelectMany(header => PartsOf(header.Value.Reveal()))
        .Where(part => part.Length >= ShortestMasked)
        .Distinct();

    /// <summary>
    /// The whole value, what follows a scheme such as <c>Bearer</c>, and the password of <c>Basic</c>.
    /// </summary>
    private static IEnumerable<string> PartsOf(string value)
    {
        var bare = value[(value.LastIndexOf(' ') + 1)..];
        return value.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && PasswordIn(bare) is { } password
            ? [value, bare, password]
            : [value, bare];
    }

    private static string? PasswordIn(string encoded)
    {
        try
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(encoded));
            return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..];
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
