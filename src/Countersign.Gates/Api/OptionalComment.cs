using Countersign.Core.Actions.Json;
using Countersign.Gates.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Countersign.Gates.Api;

/// <summary>The body of calls that need none: <c>{comment?}</c>.</summary>
internal static class OptionalComment
{
    private static readonly string[] Texts = ["comment"];

    public static async Task<(string? Comment, Problem? Problem)> ReadAsync(HttpContext context, JsonLimits limits)
    {
        // A body that comes in pieces has no length.
        var isInPieces = context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        if ((context.Request.ContentLength ?? (isInPieces ? 1 : 0)) == 0)
        {
            return (null, null);
        }

        var (body, problem) = await StrictBody.ReadAsync(context.Request, limits, Texts, [], context.RequestAborted);
        using (body)
        {
            return (body?.Text("comment"), problem);
        }
    }
}
