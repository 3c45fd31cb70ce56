using System.Net.Mime;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// <c>POST /channels/slack/interactions</c>. Nothing of a body is looked at before its signature holds, and nothing is
/// acknowledged before it is recorded.
/// </summary>
internal sealed class SlackEndpoint(
    SlackSignature signature, SlackInbox inbox, ILogger<SlackEndpoint> log)
{
    private const string SignatureHeader = "X-Slack-Signature";
    private const string TimestampHeader = "X-Slack-Request-Timestamp";

    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/channels/slack/interactions", AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        var body = await ReadAsync(context.Request, context.RequestAborted);
        var (signed, at) = (One(context, SignatureHeader), One(context, TimestampHeader));
        if (body is null)
        {
            await RefuseAsync(context, StatusCodes.Status413PayloadTooLarge, "too-large", "The body is too large.");
        }
        else if (!signature.Verifies(at, signed, body))
        {
            const string Text = "The signature is wrong, or its time is more than five minutes away.";
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "unauthorized", Text);
        }
        else if (SlackPayload.OfForm(body) is not { } payload)
        {
            const string Text = "An interaction is a form with one field 'payload'.";
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "malformed-interaction", Text);
        }
        else
        {
            await WriteAsync(context, await inbox.TakeAsync(payload));
        }
    }

    private static async Task WriteAsync(HttpContext context, SlackAnswer answer)
    {
        context.Response.Headers.CacheControl = "no-store";
        switch (answer)
        {
            case SlackAnswer.Unavailable:
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                break;
            case var known when known.ToJson() is { } json:
                context.Response.ContentType = MediaTypeNames.Application.Json;
                await context.Response.WriteAsync(json.ToJsonString(), context.RequestAborted);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status200OK;
                break;
        }
    }

    private async Task RefuseAsync(HttpContext context, int status, string slug, string detail)
    {
        Log.RequestRefused(log, slug);
        await new Gates.Access.Problem(status, slug, detail).WriteAsync(context);
    }

    private static string? One(HttpContext context, string header) =>
        context.Request.Headers[header] is { Count: 1 } values ? values[0] : null;

    /// <summary><c>null</c> when it is larger than any interaction.</summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > SlackLimits.BodyBytes)
        {
            return null;
        }

        using var buffer = new MemoryStream((int)(request.ContentLength ?? 0));
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > SlackLimits.BodyBytes)
            {
                return null;
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }
}
