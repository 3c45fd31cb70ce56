using Countersign.Core.Tracing;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Access;

/// <summary>
/// The headers of W3C Trace Context. <c>baggage</c> is not among them: whatever an agent puts there ends here.
/// </summary>
internal static class TraceHeaders
{
    public const string Parent = "traceparent";
    public const string State = "tracestate";
    public const string Baggage = "baggage";

    /// <summary>Where the caller's trace stands; more than one <c>traceparent</c> is none.</summary>
    public static TraceContext? Read(HttpRequest request) =>
        TraceContext.Read(request.Headers[Parent].ToString(), request.Headers[State].ToString());

    /// <summary>What goes along to whoever is asked next.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(TraceContext? context)
    {
        if (context is null)
        {
            yield break;
        }

        yield return KeyValuePair.Create(Parent, context.Parent);
        if (context.State is { } state)
        {
            yield return KeyValuePair.Create(State, state);
        }
    }
}
