using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Countersign.Core.Actions.Json;

namespace Countersign.Gates.Credentials;

/// <summary>
/// What a credential helper printed: one line that is the secret, or a JSON object
/// <c>{ headers, expires_at?, revoke? }</c> (DESIGN section 6.1). No reason why it cannot be used shows any of it.
/// </summary>
internal sealed record MintOutput(
    ImmutableArray<CredentialHeader> Headers, DateTimeOffset? ExpiresAt, ImmutableArray<Secret> Revoke)
{
    private const int MostHeaders = 8;

    private static readonly UTF8Encoding Strict =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly JsonLimits Limits = new() { Depth = 4 };

    /// <param name="output">Standard output as it came.</param>
    /// <param name="header">The header of a secret that is one line.</param>
    public static (MintOutput? Output, string? WhyNot) Read(byte[] output, string header)
    {
        try
        {
            var isJson = output.AsSpan().TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
            return (isJson ? ReadJson(output) : ReadLine(output, header), null);
        }
        catch (FormatException unusable)
        {
            return (null, unusable.Message);
        }
    }

    private static MintOutput ReadLine(byte[] output, string header)
    {
        try
        {
            var text = Strict.GetString(output);
            var line = text.EndsWith('\n') ? text[..^1] : text;
            return new MintOutput([HeaderOf(header, line.EndsWith('\r') ? line[..^1] : line)], null, []);
        }
        catch (DecoderFallbackException)
        {
            throw new FormatException("the credential is no UTF-8 text");
        }
    }

    private static MintOutput ReadJson(byte[] output)
    {
        if (!CanonicalJson.TryCanonicalize(output, Limits, out var json, out _))
        {
            throw new FormatException("what it printed begins like a JSON object and is none");
        }

        using var document = JsonDocument.Parse(json.Bytes);
        var root = document.RootElement;
        foreach (var member in root.EnumerateObject())
        {
            Check(member.Name);
        }

        return new MintOutput(HeadersOf(root), ExpiryOf(root), RevokeOf(root));
    }

    private static void Check(string member)
    {
        switch (member)
        {
            case "headers" or "expires_at" or "revoke":
                break;
            case "environment" or "password":
                throw new FormatException($"it printed '{member}', and an HTTP request carries 'headers' only");
            default:
                throw new FormatException("it printed a member that is none of 'headers', 'expires_at' and 'revoke'");
        }
    }

    private static ImmutableArray<CredentialHeader> HeadersOf(JsonElement root)
    {
        if (!root.TryGetProperty("headers", out var headers)
            || headers.ValueKind != JsonValueKind.Object
            || headers.GetPropertyCount() is 0 or > MostHeaders)
        {
            throw new FormatException($"'headers' is an object with 1 to {MostHeaders} names and values");
        }

        return
        [
            .. headers.EnumerateObject().Select(header => header.Value.ValueKind == JsonValueKind.String
                ? HeaderOf(header.Name, header.Value.GetString()!)
                : throw new FormatException("each value in 'headers' is a text")),
        ];
    }

    private static CredentialHeader HeaderOf(string name, string value)
    {
        // The name came from the helper too, so it is not shown either: it may be a value in the wrong place.
        var whyNot = HeaderText.WhyNoName(name) is null
            ? HeaderText.WhyNoValue(value)
            : "a request cannot carry a credential in a header of that name";
        return whyNot is null ? new CredentialHeader(name, new Secret(value)) : throw new FormatException(whyNot);
    }

    private static DateTimeOffset? ExpiryOf(JsonElement root)
    {
        if (!root.TryGetProperty("expires_at", out var node) || node.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return node.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(node.GetString(), CultureInfo.InvariantCulture, utc, out var time)
            ? time
            : throw new FormatException("'expires_at' is a time like 2026-12-20T18:00:00Z");
    }

    private static ImmutableArray<Secret> RevokeOf(JsonElement root)
    {
        if (!root.TryGetProperty("revoke", out var node) || node.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var isCommand = node.ValueKind == JsonValueKind.Array
            && node.GetArrayLength() > 0
            && node.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString() != "");
        return isCommand
            ? [.. node.EnumerateArray().Select(item => new Secret(item.GetString()!))]
            : throw new FormatException("'revoke' is a list of texts: a program and its arguments");
    }
}
