namespace Countersign.Core.Identity.Tokens;

/// <summary>What became of a token.</summary>
public abstract record TokenCheck
{
    private TokenCheck()
    {
    }

    /// <summary>It is its issuer's, for us, and in time.</summary>
    public sealed record Passed(TokenClaims Claims) : TokenCheck;

    /// <summary>It proves nothing. The text holds no part of the token.</summary>
    public sealed record Failed(string Why) : TokenCheck;

    /// <summary>None of the keys at hand is the one it names; the issuer may have newer ones.</summary>
    public sealed record UnknownKey : TokenCheck;
}
