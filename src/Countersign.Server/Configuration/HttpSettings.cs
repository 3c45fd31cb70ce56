using System.Collections.Immutable;
using Countersign.Gates.Credentials;
using Countersign.Gates.Http.OpenApi;

namespace Countersign.Server.Configuration;

/// <summary>How the HTTP gate reaches a target.</summary>
internal sealed record HttpSettings(Uri Upstream)
{
    /// <summary>The headers of the target's standing credential, and their values.</summary>
    public ImmutableArray<(string Header, string Value)> Credential { get; init; } = [];

    /// <summary>Where a token is asked for; instead of the standing one.</summary>
    public OAuthOptions? OAuth { get; init; }

    /// <summary>The helper that makes a credential for each request; the others serve previews then.</summary>
    public MintOptions? Mint { get; init; }

    /// <summary>What the gateway shows the target, as PEM files.</summary>
    public TlsSettings? Certificate { get; init; }

    /// <summary>Headers in lower case that agents may send beside the usual ones.</summary>
    public ImmutableHashSet<string> Headers { get; init; } = [];

    public OperationMap? Operations { get; init; }

    public string? GraphQl { get; init; }

    /// <summary>Which path shows what a request would change, by that request.</summary>
    public ImmutableDictionary<string, string> Previews { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Which path says what became of a request, by its idempotency key.</summary>
    public string? Status { get; init; }
}
