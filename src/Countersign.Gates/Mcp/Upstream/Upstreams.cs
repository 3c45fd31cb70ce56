using System.Diagnostics;
using Countersign.Core.Actions;
using Countersign.Gates.Mcp.Wire;
using Microsoft.Extensions.Logging;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>Opens connections to the targets' servers.</summary>
internal sealed class Upstreams : IDisposable
{
    private readonly HttpClient _client;
    private readonly McpLimits _limits;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    public Upstreams(McpLimits limits, TimeProvider time, ILogger log)
    {
        _limits = limits;
        _time = time;
        _log = log;
        // No redirects: they would carry the target's credential to an address nobody configured.
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = limits.Connect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // What goes along of a trace is said in each request; by itself a handler would add an agent's baggage.
            ActivityHeadersPropagator = null,
        };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Connects to a target's server in the name of a client.</summary>
    /// <exception cref="UpstreamException">The server cannot be reached, or refuses.</exception>
    public async Task<UpstreamConnection> OpenAsync(
        TargetName target, McpOptions options, Hello hello, Arrival arrival, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_limits.Connect, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        IUpstreamLink Link(LinkArrival inside) =>
            Connect(target, options, new LinkTerms(inside, options.MaxResult, _limits.Send, _time));

        // A program is started for a handshake only: what it does with anything else before it is not to be relied on.
        var isStateless = hello.Version == ProtocolVersions.Modern;
        var mask = new AnswerMask(options.Redaction);
        var modern = isStateless && options.Upstream is McpUpstream.Http
            ? await UpstreamConnection.DiscoverAsync(Link, hello, arrival, mask, either.Token)
            : null;
        var old = isStateless ? hello with { Version = ProtocolVersions.Latest } : hello;
        var connection = modern ?? await UpstreamConnection.OpenAsync(Link, old, arrival, mask, either.Token);
        _log.UpstreamOpened(target, connection.Version);
        return connection;
    }

    public void Dispose() => _client.Dispose();

    private IUpstreamLink Connect(TargetName target, McpOptions options, LinkTerms terms) => options.Upstream switch
    {
        McpUpstream.Http http => new HttpLink(_client, http, terms),
        McpUpstream.Command command =>
            CommandLink.Start(command, terms, text => _log.ProgramSaidSensitive(target, text)),
        _ => throw new UnreachableException(),
    };
}
