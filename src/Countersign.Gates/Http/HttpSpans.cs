using System.Diagnostics;
using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Core.Tracing;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Http;

/// <summary>
/// The span of a request at this gate, by the HTTP conventions of OpenTelemetry; without path and query, in which a
/// caller may write anything.
/// </summary>
internal static class HttpSpans
{
    public static Activity? Enter(HttpContext context, TargetName target)
    {
        if (!Spans.AreWanted)
        {
            return null;
        }

        var route = $"/http/{target}";
        var span = Spans.Enter($"{context.Request.Method} {route}", TraceHeaders.Read(context.Request), carrier: null);
        span?.SetTag("http.request.method", context.Request.Method);
        span?.SetTag("http.route", route);
        span?.SetTag("url.scheme", context.Request.Scheme);
        return span;
    }

    public static void Leave(Activity? span, int status)
    {
        span?.SetTag("http.response.status_code", status);
        if (status >= StatusCodes.Status500InternalServerError)
        {
            Spans.Fail(span, status.ToString(CultureInfo.InvariantCulture));
        }
    }
}
