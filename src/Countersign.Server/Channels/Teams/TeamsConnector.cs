using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.Gates.Outbound;

namespace Countersign.Server.Channels.Teams;

/// <summary>What the connector answered to one call.</summary>
internal abstract record TeamsReply
{
    private TeamsReply()
    {
    }

    public sealed record Ok(JsonElement Body) : TeamsReply;

    /// <summary>The connector understood and said no.</summary>
    public sealed record Refused(int Status, string Code) : TeamsReply
    {
        public bool IsTooLarge => Status == StatusCodes.Status413PayloadTooLarge || Code == "MessageSizeTooBig";

        /// <summary>It is not there, or not open to us: whoever it was for is not reached that way.</summary>
        public bool IsClosed => Status is StatusCodes.Status403Forbidden or StatusCodes.Status404NotFound;

        public string Why => $"HTTP {Status} {Code}".TrimEnd();
    }

    /// <summary>Too much at once, or a weak moment: to be tried again, not before this time has passed.</summary>
    public sealed record Limited(TimeSpan? RetryAfter) : TeamsReply;

    /// <summary>No answer, or none that could be understood.</summary>
    public sealed record Away(string Why) : TeamsReply;
}

/// <summary>
/// Calls the Bot Connector's REST API. An address is called only when the configuration names it, whoever says that it
/// is one.
/// </summary>
internal sealed class TeamsConnector(TeamsOptions options, TeamsAccess access) : IDisposable
{
    private const int MaxCode = 60;

    private readonly HttpClient _http = new(OutboundHttp.Handler(TeamsLimits.Call))
    {
        Timeout = TeamsLimits.Call,
        MaxResponseContentBufferSize = TeamsLimits.AnswerBytes,
    };

    /// <summary>Makes a conversation with one person, or a thread in a channel.</summary>
    public Task<TeamsReply> CreateAsync(Uri service, JsonObject conversation, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, service, "v3/conversations", conversation, cancellationToken);

    public Task<TeamsReply> PostAsync(
        Uri service, string conversation, JsonObject activity, CancellationToken cancellationToken) => SendAsync(
            HttpMethod.Post,
            service,
            $"v3/conversations/{Uri.EscapeDataString(conversation)}/activities",
            activity,
            cancellationToken);

    public Task<TeamsReply> UpdateAsync(
        Uri service, TeamsPosting posting, JsonObject activity, CancellationToken cancellationToken) => SendAsync(
            HttpMethod.Put,
            service,
            $"v3/conversations/{Uri.EscapeDataString(posting.Conversation)}/activities/" +
            Uri.EscapeDataString(posting.Activity),
            activity,
            cancellationToken);

    /// <summary>What Teams knows of somebody in a conversation.</summary>
    public Task<TeamsReply> FindMemberAsync(
        Uri service, string conversation, string member, CancellationToken cancellationToken) => SendAsync(
            HttpMethod.Get,
            service,
            $"v3/conversations/{Uri.EscapeDataString(conversation)}/members/{Uri.EscapeDataString(member)}",
            body: null,
            cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<TeamsReply> SendAsync(
        HttpMethod method, Uri service, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        if (!options.Trusts(service))
        {
            throw new InvalidOperationException($"{service.Authority} is none of 'service_urls' and is not called.");
        }

        var reply = await SendOnceAsync(method, service, path, body, cancellationToken);
        if (reply is not TeamsReply.Refused { Status: StatusCodes.Status401Unauthorized })
        {
            return reply;
        }

        // The token may have been taken back before its time; a new one is tried once.
        access.Forget();
        return await SendOnceAsync(method, service, path, body, cancellationToken);
    }

    private async Task<TeamsReply> SendOnceAsync(
        HttpMethod method, Uri service, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(method, $"{service.AbsoluteUri.TrimEnd('/')}/{path}");
            request.Headers.Authorization =
                new AuthenticationHeaderValue("Bearer", await access.FindAsync(cancellationToken));
            request.Content = body is null
                ? null
                : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await _http.SendAsync(request, cancellationToken);
            return await ReadAsync(answer, cancellationToken);
        }
        catch (TeamsException noToken)
        {
            return new TeamsReply.Away(noToken.Message);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new TeamsReply.Away($"The Teams connector gave no answer ({failure.Message}).");
        }
    }

    private static async Task<TeamsReply> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var status = (int)answer.StatusCode;
        var bytes = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return status switch
        {
            429 or 412 or 502 or 503 or 504 => new TeamsReply.Limited(answer.Headers.RetryAfter?.Delta),
            >= 500 => new TeamsReply.Away($"The Teams connector answered HTTP {status}."),
            >= 400 => new TeamsReply.Refused(status, CodeOf(bytes)),
            >= 300 => new TeamsReply.Away($"The Teams connector points elsewhere (HTTP {status}); nobody follows."),
            _ => new TeamsReply.Ok(JsonOf(bytes) ?? default),
        };
    }

    /// <summary>The connector's own word, without anything that could be more than a word.</summary>
    private static string CodeOf(byte[] body) =>
        TeamsActivity.Text(TeamsActivity.Member(JsonOf(body), "error"), "code") is { Length: <= MaxCode } code
        && code.All(char.IsAsciiLetterOrDigit)
            ? code
            : "";

    private static JsonElement? JsonOf(byte[] body)
    {
        try
        {
            return body.Length == 0 ? null : JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Teams did not answer, or refused what we need; the text is for people, and holds no secret.</summary>
internal sealed class TeamsException(string message) : ChannelException(message);
