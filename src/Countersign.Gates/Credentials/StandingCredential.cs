using System.Collections.Immutable;

namespace Countersign.Gates.Credentials;

/// <summary>
/// The credential that a target gets with each request, as it is now. Whoever was told that the target does not take it
/// asks again with <paramref name="refused"/>, and gets another one where one can be had.
/// </summary>
/// <exception cref="CredentialException">There is none at the moment, so nothing may be sent.</exception>
internal delegate ValueTask<Lent> StandingCredential(Lent? refused, CancellationToken cancellationToken);

/// <summary>Headers with secret values.</summary>
internal sealed record Lent(ImmutableArray<CredentialHeader> Headers)
{
    /// <summary>What has to be found when the target sends the credential back.</summary>
    public ImmutableArray<string> Secrets { get; } = [.. SecretParts.Of(Headers)];

    public static Lent Of(string header, string value) => new([new CredentialHeader(header, new Secret(value))]);
}

/// <summary>A credential cannot be had; the text names what has to be mended and shows no secret.</summary>
internal sealed class CredentialException(string message, Exception? cause = null) : Exception(message, cause);
