using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;

namespace Countersign.EndToEnd.Clients;

/// <summary>The client of the C# SDK.</summary>
internal sealed class DotNetClient : IToolClient
{
    private DotNetClient(McpClient client) => Client = client;

    public McpClient Client { get; }

    public static Task<DotNetClient> ConnectAsync(Uri endpoint, string token, CancellationToken cancellationToken) =>
        ConnectAsync(endpoint, token, new McpClientOptions(), cancellationToken);

    public static async Task<DotNetClient> ConnectAsync(
        Uri endpoint, string token, McpClientOptions options, CancellationToken cancellationToken)
    {
        var transport = new HttpClientTransport(new HttpClientTransportOptions
        {
            Endpoint = endpoint,
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = $"Bearer {token}" },
        });
        return new DotNetClient(await McpClient.CreateAsync(transport, options, cancellationToken: cancellationToken));
    }

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var tools = await Client.ListToolsAsync(cancellationToken: cancellationToken);
        return [.. tools.Select(tool => tool.Name)];
    }

    public async Task<ToolAnswer> CallAsync(string tool, JsonObject arguments, CancellationToken cancellationToken)
    {
        var values = arguments.ToDictionary(
            member => member.Key, member => (object?)JsonElement.Parse(member.Value!.ToJsonString()));
        var result = await Client.CallToolAsync(tool, values, cancellationToken: cancellationToken);
        return ToolAnswer.Of(JsonSerializer.SerializeToElement(result, McpJsonUtilities.DefaultOptions));
    }

    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
