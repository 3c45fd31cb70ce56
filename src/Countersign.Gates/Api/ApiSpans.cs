using System.Diagnostics;
using System.Globalization;
using Countersign.Core.Tracing;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign.Gates.Api;

/// <summary>
/// The span of a request to the API, by the HTTP conventions of OpenTelemetry; without the path and the query, in which
/// a caller may write anything.
/// </summary>
internal static class ApiSpans
{
    public static Activity? Enter(HttpContext context)
    {
        if (!Spans.AreWanted || context.GetEndpoint() is not RouteEndpoint { RoutePattern.RawText: { } route })
        {
            return null;
        }

        var request = context.Request;
        var span = Spans.Enter($"{request.Method} {route}", TraceHeaders.Read(request), carrier: null);
        span?.SetTag("http.request.method", request.Method);
        span?.SetTag("http.route", route);
        span?.SetTag("url.scheme", request.Scheme);
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
