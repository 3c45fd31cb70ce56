using System.Net.Http.Headers;
using Countersign.Server.Configuration;
using Countersign.Server.Demo;
using Countersign.Server.Hosting;

namespace Countersign.Tests.Api;

/// <summary>A whole server with the demo's files: one tool is allowed, one refused, one held for Alice.</summary>
internal sealed class DemoNode : IAsyncDisposable
{
    private readonly AcmeOps _ops;
    private readonly DemoFiles _files;
    private readonly Node _node;

    private DemoNode(AcmeOps ops, DemoFiles files, Node node)
    {
        (_ops, _files, _node) = (ops, files, node);
        Agent = ClientWith(files.AgentToken);
        Alice = ClientWith(files.AliceToken);
        Bob = ClientWith(files.Variables["BOB_TOKEN"]);
        Nobody = new HttpClient { BaseAddress = node.Address };
    }

    public HttpClient Agent { get; }

    public HttpClient Alice { get; }

    /// <summary>The agent's owner: he may deny, never approve.</summary>
    public HttpClient Bob { get; }

    public HttpClient Nobody { get; }

    public IServiceProvider Services => _node.Services;

    public static Task<DemoNode> StartAsync(CancellationToken cancellationToken) =>
        StartAsync(static text => text, cancellationToken);

    /// <summary>The demo with another configuration.</summary>
    public static async Task<DemoNode> StartAsync(Func<string, string> change, CancellationToken cancellationToken)
    {
        var ops = await AcmeOps.StartAsync(cancellationToken);
        var files = DemoFiles.Create(ops.Address, port: 0);
        var text = await File.ReadAllTextAsync(files.Configuration, cancellationToken);
        await File.WriteAllTextAsync(files.Configuration, change(text), cancellationToken);
        var settings = SettingsFile.Load(files.Configuration, name => files.Variables.GetValueOrDefault(name));
        var options = new NodeOptions { LogsToTerminal = false };
        return new DemoNode(ops, files, await Node.StartAsync(settings, options, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Array.ForEach([Agent, Alice, Bob, Nobody], client => client.Dispose());
        await _node.DisposeAsync();
        await _ops.DisposeAsync();
        Directory.Delete(_files.Folder, recursive: true);
    }

    private HttpClient ClientWith(string token) => new()
    {
        BaseAddress = _node.Address,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };
}
