using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Countersign.Core.Identity.Tokens;

/// <summary>
/// A signed token in its compact form (JSON Web Token, RFC 7519; JSON Web Signature, RFC 7515 section 7.1). Nothing it
/// says counts before <see cref="Verify"/>, except where to look for the key.
/// </summary>
/// <remarks>
/// It is checked in this order (RFC 8725, RFC 7519 section 7.2, OpenID Connect Core section 3.1.3.7):
/// (1) three parts of a bounded size, strict JSON; (2) an algorithm of the list, and no header that would change what
/// is signed or bring a key along; (3) the one key of the issuer that the header names; (4) the signature; (5) issuer,
/// audience, times, subject; (6) for an ID token nonce and authorized party.
/// </remarks>
public sealed class JsonWebToken
{
    /// <summary>Longest token that is looked at, in characters; group claims make them long.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>A token that is good for longer than this is a password.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(1);

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>
    /// Headers that would have to be understood (RFC 7515 section 4.1.11), or that offer a key of the sender's. Those
    /// of the second kind are refused rather than ignored: an honest issuer has no use for them.
    /// </summary>
    private static readonly string[] Refused = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip"];

    private readonly byte[] _signed;
    private readonly byte[] _signature;
    private readonly JsonElement _header;
    private readonly JsonElement _claims;

    private JsonWebToken(byte[] signed, byte[] signature, JsonElement header, JsonElement claims)
    {
        _signed = signed;
        _signature = signature;
        _header = header;
        _claims = claims;
    }

    /// <summary>Who claims to have issued it, which says whose keys to check it with.</summary>
    public string? ClaimedIssuer => Text(_claims, "iss");

    /// <summary>Whether a text has the outer form of one; a configured token may have it too.</summary>
    public static bool LooksLikeOne(string text) =>
        text.StartsWith("eyJ", StringComparison.Ordinal) && text.AsSpan().Count('.') == 2;

    /// <summary>Step 1.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonWebToken? token)
    {
        token = null;
        if (text.Length > MaxLength || text.Split('.') is not [{ Length: > 0 } head, { Length: > 0 } body, var end]
            || !TryDecode(head, out var header)
            || !TryDecode(body, out var claims)
            || !TryDecode(end, out var signature))
        {
            return false;
        }

        try
        {
            using var headerJson = JsonDocument.Parse(header, Strict);
            using var claimsJson = JsonDocument.Parse(claims, Strict);
            if (headerJson.RootElement.ValueKind != JsonValueKind.Object
                || claimsJson.RootElement.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            token = new JsonWebToken(
                Encoding.ASCII.GetBytes(text, 0, head.Length + 1 + body.Length),
                signature,
                headerJson.RootElement.Clone(),
                claimsJson.RootElement.Clone());
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Steps 2 to 6.</summary>
    /// <param name="keys">The issuer's keys.</param>
    /// <param name="rules">What it has to say.</param>
    /// <param name="now">The time it is presented at.</param>
    public TokenCheck Verify(TokenKeySet keys, TokenRules rules, DateTimeOffset now)
    {
        // 2.
        if (Array.Find(Refused, name => _header.TryGetProperty(name, out _)) is { } header)
        {
            return new TokenCheck.Failed($"Its header has '{header}', which is not taken.");
        }

        if (TokenAlgorithms.Find(Text(_header, "alg")) is not { } algorithm || !rules.Algorithms.Contains(algorithm))
        {
            return new TokenCheck.Failed("It is signed with an algorithm that is not taken, or not at all.");
        }

        if (WhyNotType(rules) is { } type)
        {
            return new TokenCheck.Failed(type);
        }

        // 3.
        var hasName = _header.TryGetProperty("kid", out var kid);
        if (hasName && kid.ValueKind != JsonValueKind.String)
        {
            return new TokenCheck.Failed("Its 'kid' is no text.");
        }

        if (keys.Find(hasName ? kid.GetString() : null, algorithm) is not { } key)
        {
            return new TokenCheck.UnknownKey();
        }

        if (rules.Endorsement is { } endorsement && !key.Endorsements.Contains(endorsement))
        {
            return new TokenCheck.Failed($"Its key is not endorsed for '{endorsement}'.");
        }

        // 4.
        if (!key.Verify(algorithm, _signed, _signature))
        {
            return new TokenCheck.Failed("Its signature is not its issuer's.");
        }

        // 5 and 6.
        return (WhyNotOurs(rules) ?? WhyNotNow(rules, now) ?? WhyNotOfSignIn(rules)) is { } why
            ? new TokenCheck.Failed(why)
            : new TokenCheck.Passed(new TokenClaims(
                _claims,
                rules.IsOfService ? default : new Subject(rules.Issuer, Text(_claims, "sub")!),
                TimeOf("exp")!.Value));
    }

    /// <summary>Kinds of tokens must not stand for each other (RFC 8725 section 3.11).</summary>
    private string? WhyNotType(TokenRules rules)
    {
        var type = Text(_header, "typ")?.ToLowerInvariant();
        var known = rules.IsIdToken ? type is null or "jwt" : type is null or "jwt" or "at+jwt" or "application/at+jwt";
        return known ? null : "It is a token of another kind ('typ').";
    }

    private string? WhyNotOurs(TokenRules rules) => 0 switch
    {
        _ when ClaimedIssuer != rules.Issuer => "It is of another issuer ('iss').",
        _ when TokenClaims.TextsOf(Claim("aud"))?.Contains(rules.Audience) != true =>
            "It is for somebody else ('aud').",
        _ when rules.IsForOneOnly && TokenClaims.TextsOf(Claim("aud"))!.Count > 1 => "It is for others too ('aud').",
        _ when !rules.IsOfService && !Subject.IsNamed(Text(_claims, "sub")) => "It is about nobody ('sub').",
        _ => null,
    };

    private string? WhyNotNow(TokenRules rules, DateTimeOffset now)
    {
        var (expires, issued) = (TimeOf("exp"), TimeOf("iat"));
        return 0 switch
        {
            _ when expires is null => "It does not say when it ends ('exp').",
            _ when now >= expires + rules.Skew => "It is over ('exp').",
            _ when _claims.TryGetProperty("nbf", out _) && !(TimeOf("nbf") <= now + rules.Skew) =>
                "It does not count yet ('nbf').",
            _ when _claims.TryGetProperty("iat", out _) && !(issued <= now + rules.Skew) =>
                "It was issued in the future ('iat').",
            _ when expires - (issued ?? now) > LongestLife => "It is good for more than a day ('exp').",
            _ => null,
        };
    }

    private string? WhyNotOfSignIn(TokenRules rules)
    {
        if (!rules.IsIdToken)
        {
            return null;
        }

        var party = Text(_claims, "azp");
        var audiences = TokenClaims.TextsOf(Claim("aud"))!;
        return 0 switch
        {
            _ when TimeOf("iat") is null => "It does not say when it was issued ('iat').",
            _ when rules.Nonce is { } nonce && Text(_claims, "nonce") != nonce => "It is of another sign-in ('nonce').",
            _ when audiences.Count > 1 && party is null => "It is for several, and does not say for whom ('azp').",
            _ when party is not null && party != rules.Audience => "It was issued to somebody else ('azp').",
            _ => null,
        };
    }

    private JsonElement Claim(string name) => _claims.TryGetProperty(name, out var value) ? value : default;

    /// <summary>Seconds since 1970, with or without a fraction (RFC 7519 section 2, NumericDate).</summary>
    private DateTimeOffset? TimeOf(string claim)
    {
        // Some day in the year 9892: what is added to it still is a time.
        const long latest = 250_000_000_000;
        return _claims.TryGetProperty(claim, out var value)
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and <= latest
                ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds))
                : null;
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Without padding, and in one spelling only (RFC 7515 section 2).</summary>
    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || !Base64Url.IsValid(text))
        {
            return false;
        }

        bytes = Base64Url.DecodeFromChars(text);
        return Base64Url.EncodeToString(bytes) == text;
    }
}
