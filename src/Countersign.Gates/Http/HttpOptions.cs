using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Countersign.Core.Redaction;
using Countersign.Gates.Credentials;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Gates.Http;

/// <summary>What the user wrote about one target of this gate.</summary>
/// <param name="Upstream">Where the target is: scheme, host, port, and what its paths begin with.</param>
internal sealed record HttpOptions(Uri Upstream)
{
    /// <summary>The standing credential, asked for before each request; <c>null</c> sends none.</summary>
    public StandingCredential? Credential { get; init; }

    /// <summary>Makes the credential of one request, which then travels instead of the standing one.</summary>
    public MintCredential? Mint { get; init; }

    /// <summary>What the gateway shows a target that asks for a certificate.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Headers in lower case that agents may send beside the usual ones.</summary>
    public ImmutableHashSet<string> Headers { get; init; } = [];

    /// <summary>The operations that the target describes; <c>null</c> when it has no OpenAPI document.</summary>
    public OperationMap? Operations { get; init; }

    /// <summary>The path that takes GraphQL; <c>null</c> when none does.</summary>
    public string? GraphQl { get; init; }

    /// <summary>
    /// Which request says what another one would change: <c>METHOD template</c> or an operation's id, and the template
    /// of what is read.
    /// </summary>
    public ImmutableDictionary<string, string> Previews { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// The path of which a GET says what became of a request, with the variable for its idempotency key; <c>null</c>
    /// when the target cannot say.
    /// </summary>
    public string? Status { get; init; }

    /// <summary>What is masked of what the target says; nothing by default.</summary>
    public TargetRedaction Redaction { get; init; } = TargetRedaction.None;

    public HttpLimits Limits { get; init; } = new();
}
