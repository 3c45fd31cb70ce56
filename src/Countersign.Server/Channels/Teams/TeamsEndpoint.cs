using System.Net.Mime;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// <c>POST /channels/teams/messages</c>. Nothing of a body is looked at before its token holds, and nothing is
/// acknowledged before it is recorded.
/// </summary>
internal sealed class TeamsEndpoint(TeamsToken token, TeamsInbox inbox, ILogger<TeamsEndpoint> log)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/channels/teams/messages", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var header = context.Request.Headers.Authorization is { Count: 1 } values ? values[0] : null;
        var (claims, whyNot) = await token.VerifyAsync(header, context.RequestAborted);
        if (claims is null)
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", whyNot!);
        }
        else if (await ReadAsync(context.Request, context.RequestAborted) is not { } body)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "too-large", "The body is too large.");
        }
        else if (TeamsActivity.Read(body) is not { } activity)
        {
            const string Text = "An activity is a JSON object with a 'type', and names nothing twice.";
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "malformed-activity", Text);
        }
        else if (token.WhyNotOf(claims, activity) is { } foreign)
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", foreign);
        }
        else
        {
            await WriteAsync(context, await inbox.TakeAsync(body, activity));
        }
    }

    private static async Task WriteAsync(HttpContext context, TeamsAnswer answer)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.StatusCode = answer is TeamsAnswer.Unavailable
            ? StatusCodes.Status503ServiceUnavailable
            : StatusCodes.Status200OK;
        if (answer.ToJson() is { } json)
        {
            context.Response.ContentType = MediaTypeNames.Application.Json;
            await context.Response.WriteAsync(json.ToJsonString(), context.RequestAborted);
        }
    }

    private async Task RefuseAsync(HttpContext context, int status, string slug, string detail)
    {
        Log.RequestRefused(log, detail);
        await new Gates.Access.Problem(status, slug, detail).WriteAsync(context);
    }

    /// <summary><c>null</c> when it is larger than any activity.</summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > TeamsLimits.BodyBytes)
        {
            return null;
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 0));
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > TeamsLimits.BodyBytes)
            {
                return null;
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }
}
