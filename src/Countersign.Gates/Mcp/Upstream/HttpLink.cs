using System.Diagnostics;
using System.Net;
using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp.Wire;
using Countersign.Gates.Outbound;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// Streamable HTTP towards an upstream server: every message is a POST, its answer JSON or an event stream. Nothing of
/// the agent's own request travels along; the only credential is the target's.
/// </summary>
internal sealed class HttpLink(HttpClient client, McpUpstream.Http upstream, LinkTerms terms) : IUpstreamLink
{
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private const string SessionHeader = "Mcp-Session-Id";
    private const string VersionHeader = "MCP-Protocol-Version";

    private readonly CancellationTokenSource _closing = new();
    private string? _session;
    private string? _version;
    private Task _listening = Task.CompletedTask;
    private volatile bool _ended;

    public bool IsOpen => !_ended;

    public bool HasOneStream => false;

    private bool IsStateless => _version == ProtocolVersions.Modern;

    public async Task<RpcMessage.Response> RequestAsync(Outgoing request, CancellationToken cancellationToken)
    {
        var content = new OnceContent(request.Message, "application/json");
        try
        {
            using var message = await ComposeAsync(
                HttpMethod.Post, content, request.Credential, cancellationToken);
            foreach (var (name, value) in request.Headers)
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await client.SendAsync(
                message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (await ReadRefusalAsync(response, request, cancellationToken) is { } refusal)
            {
                return refusal;
            }

            CheckStatus(response);
            KeepSession(response);
            return await ReadAnswerAsync(response, request, cancellationToken);
        }
        catch (MessageTooLongException tooLong)
        {
            throw new UpstreamException(SendFate.TooLarge, tooLong.Message, tooLong);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or OperationCanceledException)
        {
            throw Explain(lost, content.HasBegun);
        }
    }

    public async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        var content = new OnceContent(message, "application/json");
        using var limit = new CancellationTokenSource(terms.Send, terms.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var post = await ComposeAsync(HttpMethod.Post, content, either.Token);
            using var response = await client.SendAsync(
                post, HttpCompletionOption.ResponseHeadersRead, either.Token);
            CheckStatus(response);
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or OperationCanceledException)
        {
            throw Explain(lost, content.HasBegun);
        }
    }

    /// <summary>
    /// From here on the version is named in every request, and the server's own messages are listened to.
    /// </summary>
    public void Agree(string protocolVersion)
    {
        _version = protocolVersion;
        if (!IsStateless)
        {
            _listening = ListenAsync(_closing.Token);
        }
    }

    public void Describe(Activity span)
    {
        span.SetTag("network.transport", "tcp");
        span.SetTag("server.address", upstream.Address.Host);
        span.SetTag("server.port", upstream.Address.Port);
    }

    public async ValueTask DisposeAsync()
    {
        _ended = true;
        await _closing.CancelAsync();
        await _listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndSessionAsync();
        _closing.Dispose();
    }

    /// <summary>
    /// The GET stream for what the server says on its own account; 405 means that there is none. A stream that breaks
    /// is opened again a few times, since nothing but notifications can be missed.
    /// </summary>
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        const int attempts = 5;
        for (var attempt = 0; attempt < attempts && !cancellationToken.IsCancellationRequested; attempt++)
        {
            try
            {
                using var get = await ComposeAsync(HttpMethod.Get, content: null, cancellationToken);
                using var response = await client.SendAsync(
                    get, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (!response.IsSuccessStatusCode || !IsEventStream(response))
                {
                    return;
                }

                await foreach (var message in MessagesAsync(response, cancellationToken))
                {
                    attempt = 0;
                    await terms.Arrival(message, null);
                }
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException or MessageTooLongException)
            {
                // Opened again below.
            }

            await Task.Delay(TimeSpan.FromSeconds(1 << attempt), terms.Time, cancellationToken);
        }
    }

    private Task<HttpRequestMessage> ComposeAsync(
        HttpMethod method, HttpContent? content, CancellationToken cancellationToken) =>
        ComposeAsync(method, content, minted: null, cancellationToken);

    private async Task<HttpRequestMessage> ComposeAsync(
        HttpMethod method, HttpContent? content, MintedCredential? minted, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(method, upstream.Address) { Content = content };
        message.Headers.TryAddWithoutValidation(
            "Accept", method == HttpMethod.Post ? "application/json, text/event-stream" : "text/event-stream");
        if (_session is { } session)
        {
            message.Headers.TryAddWithoutValidation(SessionHeader, session);
        }

        if (_version is { } version)
        {
            message.Headers.TryAddWithoutValidation(VersionHeader, version);
        }

        foreach (var header in minted?.Headers ?? [])
        {
            message.Headers.TryAddWithoutValidation(header.Name, header.Value.Reveal());
        }

        if (minted is null && upstream.Credential is { } credential)
        {
            message.Headers.TryAddWithoutValidation(credential.Header, await credential.Value(cancellationToken));
        }

        return message;
    }

    private void CheckStatus(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var status = (int)response.StatusCode;
        _ended |= !IsStateless && response.StatusCode == HttpStatusCode.NotFound;
        // A client error means that the server did not take the message; a server error may come after it acted.
        throw new UpstreamException(
            status < 500 ? SendFate.Refused : SendFate.Lost, $"The target's server answered HTTP {status}.")
        {
            SessionEnded = response.StatusCode == HttpStatusCode.NotFound && _session is not null,
        };
    }

    /// <summary>
    /// The JSON-RPC error in the body of a client error, as servers of 2026-07-28 send it; <c>null</c> for others.
    /// </summary>
    private async Task<RpcMessage.Response?> ReadRefusalAsync(
        HttpResponseMessage response, Outgoing request, CancellationToken cancellationToken)
    {
        if (!IsStateless
            || (int)response.StatusCode is < 400 or >= 500
            || response.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return null;
        }

        var body = await ReadBodyAsync(response, cancellationToken);
        return RpcMessage.TryRead(body, out var message)
            && message is RpcMessage.Response { Error: not null } refusal && refusal.Id == request.Id
            ? refusal
            : null;
    }

    private void KeepSession(HttpResponseMessage response)
    {
        if (_version is null && response.Headers.TryGetValues(SessionHeader, out var values))
        {
            _session = values.First();
        }
    }

    private async Task<RpcMessage.Response> ReadAnswerAsync(
        HttpResponseMessage response, Outgoing request, CancellationToken cancellationToken)
    {
        if (!IsEventStream(response))
        {
            var body = await ReadBodyAsync(response, cancellationToken);
            return RpcMessage.TryRead(body, out var message)
                && message is RpcMessage.Response answer && answer.Id == request.Id
                ? answer
                : throw new UpstreamException(
                    SendFate.Lost, "The target's server answered with something else than MCP.");
        }

        await foreach (var message in MessagesAsync(response, cancellationToken))
        {
            if (message is RpcMessage.Response answer && answer.Id == request.Id)
            {
                return answer;
            }

            await terms.Arrival(message, request);
        }

        throw new UpstreamException(SendFate.Lost, "The target's server ended its stream without an answer.");
    }

    private async Task<byte[]> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > terms.MaxMessage)
        {
            throw new MessageTooLongException(terms.MaxMessage);
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > terms.MaxMessage)
            {
                throw new MessageTooLongException(terms.MaxMessage);
            }
        }

        return buffer.ToArray();
    }

    private async IAsyncEnumerable<RpcMessage> MessagesAsync(
        HttpResponseMessage response,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var events = new EventReader(stream, terms.MaxMessage);
        while (await events.ReadAsync(cancellationToken) is { } data)
        {
            if (RpcMessage.TryRead(data, out var message))
            {
                yield return message;
            }
        }
    }

    /// <summary>Says goodbye; a server that does not listen to it forgets the session by itself.</summary>
    private async Task EndSessionAsync()
    {
        if (_session is null)
        {
            return;
        }

        using var patience = new CancellationTokenSource(Goodbye, terms.Time);
        try
        {
            using var delete = await ComposeAsync(HttpMethod.Delete, content: null, patience.Token);
            using var response = await client.SendAsync(delete, patience.Token);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException)
        {
            // Nobody waits for this answer.
        }
    }

    private static bool IsEventStream(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == "text/event-stream";

    private static UpstreamException Explain(Exception lost, bool begun) => new(
        begun ? SendFate.Lost : SendFate.NotSent,
        begun
            ? $"The connection to the target's server was lost ({lost.Message})."
            : $"The target's server cannot be reached ({lost.Message}).",
        lost);
}
