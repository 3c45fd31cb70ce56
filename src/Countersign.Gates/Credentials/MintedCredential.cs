using System.Collections.Immutable;
using Countersign.Core.Records;

namespace Countersign.Gates.Credentials;

/// <summary>
/// Makes a credential for one execution, after its claim and before anything is sent (DESIGN section 2.8).
/// </summary>
internal delegate Task<Minting> MintCredential(ActionRecord action, CancellationToken cancellationToken);

/// <summary>What came of the wish for a credential.</summary>
internal abstract record Minting
{
    private Minting()
    {
    }

    /// <summary>There is one. Whoever has it disposes of it as soon as the request has ended.</summary>
    public sealed record Made(MintedCredential Credential) : Minting;

    /// <summary>There is none, so nothing may be sent; the reason is for agents and reviewers.</summary>
    public sealed record Failed(string Why) : Minting;
}

/// <summary>One header of a request and its secret value.</summary>
internal sealed record CredentialHeader(string Name, Secret Value);

/// <summary>
/// A credential of one execution: it travels with that one request and with nothing else, and is taken back afterwards.
/// </summary>
internal sealed class MintedCredential(
    ImmutableArray<CredentialHeader> headers, DateTimeOffset usableUntil, Func<Task> revoke) : IAsyncDisposable
{
    public ImmutableArray<CredentialHeader> Headers { get; } = headers;

    /// <summary>Nothing is sent with it from here on.</summary>
    public DateTimeOffset UsableUntil { get; } = usableUntil;

    /// <summary>
    /// What has to be found when the target sends the credential back: each value, and the part after its scheme.
    /// </summary>
    public ImmutableArray<string> Secrets { get; } =
        [.. SecretParts.Of(headers)];

    public ValueTask DisposeAsync() => new(revoke());
}
