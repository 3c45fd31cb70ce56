namespace Countersign.Server.Tracing;

/// <summary>Where spans are sent, and how. A class, so that no text of it ever shows the headers.</summary>
internal sealed class TraceSettings(Uri endpoint)
{
    /// <summary>Address of the collector's traces, or of the collector itself for gRPC.</summary>
    public Uri Endpoint { get; } = endpoint;

    public bool IsGrpc { get; init; }

    /// <summary><c>name=value</c>, separated by commas and percent-encoded, as OpenTelemetry writes them.</summary>
    public string? Headers { get; init; }

    /// <summary>How long the collector may take for one batch.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}
