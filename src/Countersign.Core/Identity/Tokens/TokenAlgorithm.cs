namespace Countersign.Core.Identity.Tokens;

/// <summary>
/// What tokens may be signed with (RFC 7518 section 3.1, RFC 8037 section 3.1). There is none without a key, and none
/// whose key would be shared: with <c>HS256</c> whoever may check a token could make one.
/// </summary>
public enum TokenAlgorithm
{
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

/// <summary>Their names on the wire.</summary>
public static class TokenAlgorithms
{
    /// <summary>The algorithm of this exact name; <c>null</c> for every other, <c>none</c> included.</summary>
    public static TokenAlgorithm? Find(string? name) => name switch
    {
        "RS256" => TokenAlgorithm.Rs256,
        "PS256" => TokenAlgorithm.Ps256,
        "ES256" => TokenAlgorithm.Es256,
        "EdDSA" => TokenAlgorithm.EdDsa,
        _ => null,
    };
}
