using System.Globalization;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Server.Tracing;

namespace Countersign.Server.Configuration;

/// <summary>
/// Reads <c>observability:</c> and the variables of the OpenTelemetry specification ("OTLP Exporter Configuration").
/// The file says where spans go, and the variables when it does not; they say how in either case. Those about batches,
/// samplers and the resource are read by OpenTelemetry itself.
/// </summary>
internal sealed class ObservabilitySection(Section section, Func<string, string?> environment)
{
    private const string Prefix = "OTEL_EXPORTER_OTLP_";
    private const int LongestTimeout = 600_000;

    private static readonly TimeSpan StandardTimeout = TimeSpan.FromSeconds(10);
    private static readonly string[] Keys = ["otlp"];

    /// <summary><c>null</c> when nothing is to be sent.</summary>
    public TraceSettings? Read(Fields root)
    {
        var node = root.Find("observability");
        var written = node is null ? null : Fields.Of(node, "observability", Keys, section.Errors)?.Find("otlp");
        var collector = written is null ? null : WebAddress.Read(section, written, "otlp");
        if (IsOff() || (written is null && Find("ENDPOINT") is null))
        {
            return null;
        }

        // A mistake in a variable has no line of its own.
        var at = written?.At ?? root.At;
        var isGrpc = IsGrpc(at);
        var endpoint = written is null ? EndpointOfVariables(at, isGrpc) : Below(collector, isGrpc);
        return endpoint is null
            ? null
            : new TraceSettings(endpoint) { IsGrpc = isGrpc, Headers = Find("HEADERS"), Timeout = TimeoutOf(at) };
    }

    /// <summary>The variable for traces goes before the one for all signals; an empty one is none.</summary>
    private string? Find(string name) => Value(Prefix + "TRACES_" + name) ?? Value(Prefix + name);

    private string? Value(string name) => environment(name) is { Length: > 0 } value ? value : null;

    private bool IsOff() =>
        string.Equals(Value("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
        || Value("OTEL_TRACES_EXPORTER") == "none";

    private bool IsGrpc(SourcePosition at)
    {
        var protocol = Find("PROTOCOL");
        if (protocol is not (null or "grpc" or "http/protobuf"))
        {
            section.Errors.Add(at, $"{Prefix}PROTOCOL is grpc or http/protobuf, not '{protocol}'");
        }

        return protocol == "grpc";
    }

    /// <summary>The variable for traces is their address as a whole; the other is the collector's.</summary>
    private Uri? EndpointOfVariables(SourcePosition at, bool isGrpc)
    {
        var whole = Value(Prefix + "TRACES_ENDPOINT");
        var text = whole ?? Value(Prefix + "ENDPOINT");
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return whole is null ? Below(address, isGrpc) : address;
        }

        section.Errors.Add(at, $"{Prefix}ENDPOINT is an address like http://127.0.0.1:4318, not '{text}'");
        return null;
    }

    /// <summary>Over HTTP traces have a path of their own below the collector's address.</summary>
    private static Uri? Below(Uri? collector, bool isGrpc) => collector is null || isGrpc
        ? collector
        : new Uri(collector.AbsoluteUri.TrimEnd('/') + "/v1/traces");

    private TimeSpan TimeoutOf(SourcePosition at)
    {
        if (Find("TIMEOUT") is not { } text)
        {
            return StandardTimeout;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is > 0 and <= LongestTimeout)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        section.Errors.Add(
            at, $"{Prefix}TIMEOUT is a number of milliseconds up to {LongestTimeout}, not '{text}'");
        return StandardTimeout;
    }
}
