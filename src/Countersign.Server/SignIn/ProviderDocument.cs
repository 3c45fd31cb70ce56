using System.Text.Json;

namespace Countersign.Server.SignIn;

/// <summary>What an issuer says of itself (OpenID Connect Discovery section 3, RFC 8414 section 2).</summary>
internal sealed record ProviderDocument(Uri Keys)
{
    public Uri? Authorization { get; private init; }

    public Uri? Token { get; private init; }

    public Uri? UserInfo { get; private init; }

    /// <summary>Whether its answers name it, so that no other provider's pass for them (RFC 9207).</summary>
    public bool NamesItself { get; private init; }

    /// <summary>Whether a client shows its secret in the form only.</summary>
    public bool WantsSecretInForm { get; private init; }

    /// <summary>Section 4 of the specification: the path is put behind the issuer's own.</summary>
    public static Uri AddressOf(string issuer) => new(issuer.TrimEnd('/') + "/.well-known/openid-configuration");

    /// <exception cref="ProviderException">The document is of somebody else, or lacks what is needed.</exception>
    public static ProviderDocument Parse(string issuer, byte[] body)
    {
        if (ProviderHttp.JsonOf(body) is not { } json)
        {
            throw new ProviderException($"The discovery document of {issuer} is no JSON object.");
        }

        // Section 4.3: otherwise whoever serves this address could speak for another issuer.
        if (Text(json, "issuer") != issuer)
        {
            throw new ProviderException($"The discovery document of {issuer} names another issuer.");
        }

        var methods = json.TryGetProperty("token_endpoint_auth_methods_supported", out var listed)
            && listed.ValueKind == JsonValueKind.Array
                ? listed.EnumerateArray().Select(method => method.ToString()).ToList()
                : ["client_secret_basic"];
        return new ProviderDocument(Address(json, "jwks_uri")
            ?? throw new ProviderException($"The discovery document of {issuer} names no https 'jwks_uri'."))
        {
            Authorization = Address(json, "authorization_endpoint"),
            Token = Address(json, "token_endpoint"),
            UserInfo = Address(json, "userinfo_endpoint"),
            NamesItself = json.TryGetProperty("authorization_response_iss_parameter_supported", out var names)
                && names.ValueKind == JsonValueKind.True,
            WantsSecretInForm = !methods.Contains("client_secret_basic") && methods.Contains("client_secret_post"),
        };
    }

    private static Uri? Address(JsonElement json, string name) =>
        Uri.TryCreate(Text(json, name), UriKind.Absolute, out var address) && ProviderHttp.IsSafe(address)
            ? address
            : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
