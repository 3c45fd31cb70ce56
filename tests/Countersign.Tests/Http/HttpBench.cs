using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Server.Storage.Sqlite;
using Countersign.Tests.Support;

namespace Countersign.Tests.Http;

/// <summary>A node with HTTP targets before a raw upstream, an agent that asks and people who decide.</summary>
internal sealed class HttpBench : IAsyncDisposable
{
    public const string Policy = """
        version: 1
        default: deny
        rules:
          - id: reads
            when: action.gate == "http" && http.method in ["GET", "HEAD", "OPTIONS"]
            then: allow
          - id: writes
            reason: Changes need a second person.
            when: action.gate == "http" && http.method in ["POST", "PUT", "PATCH", "DELETE"] && http.path != "/free"
            then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
          - id: free
            when: action.gate == "http" && http.path == "/free"
            then: allow
          - id: never
            reason: Nobody wipes everything.
            when: action.gate == "http" && http.path.startsWith("/wipe")
            then: deny
        """;

    private readonly TemporaryFolder _folder;
    private readonly Node _node;

    private HttpBench(TemporaryFolder folder, Node node, RawUpstream upstream) =>
        (_folder, _node, Upstream) = (folder, node, upstream);

    public RawUpstream Upstream { get; }

    public Uri Address => _node.Address;

    public SqliteStore Store => _node.Store;

    public required HttpClient Agent { get; init; }

    public required HttpClient Alice { get; init; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <param name="target">More members of the target <c>billing</c>, one in a line.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="files">More files beside the configuration.</param>
    public static async Task<HttpBench> StartAsync(
        string target = "", string policy = Policy, params (string Name, string Text)[] files)
    {
        var upstream = new RawUpstream();
        var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("policies"));
        await File.WriteAllTextAsync(folder.PathOf("policies/policy.yaml"), policy, Cancelled);
        foreach (var (name, text) in files)
        {
            await File.WriteAllTextAsync(folder.PathOf(name), text, Cancelled);
        }

        await File.WriteAllTextAsync(
            folder.PathOf("countersign.yaml"),
            $"""
            listen: http://127.0.0.1:0
            people:
              - id: alice
                groups: [platform]
                roles: [admin]
                tokens: [ALICE-TOKEN-0123456789]
              - id: erin
                groups: [platform]
                tokens: [ERIN-TOKEN-0123456789]
              - id: dave
                tokens: [DAVE-TOKEN-0123456789]
            agents:
              - id: bot
                owner: dave
                tokens: [BOT-TOKEN-0123456789]
            targets:
              billing:
                gate: http
                environment: production
                upstream: "http://127.0.0.1:{upstream.Port}"
                {target.ReplaceLineEndings("\n    ")}
            """,
            Cancelled);
        var settings = SettingsFile.Load(folder.PathOf("countersign.yaml"), _ => null);
        var node = await Node.StartAsync(settings, new NodeOptions { LogsToTerminal = false }, Cancelled);
        return new HttpBench(folder, node, upstream)
        {
            Agent = ClientOf(node, "BOT-TOKEN-0123456789"),
            Alice = ClientOf(node, "ALICE-TOKEN-0123456789"),
        };
    }

    public HttpClient With(string token) => ClientOf(_node, token);

    /// <summary>
    /// Sends exactly these bytes, with the agent's token in the place of a line TOKEN, and reads the answer.
    /// </summary>
    public async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Address.Host, Address.Port, Cancelled);
        var stream = client.GetStream();
        var text = request.Replace(
            "TOKEN\r\n", "Authorization: Bearer BOT-TOKEN-0123456789\r\n", StringComparison.Ordinal);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), Cancelled);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        var answer = new StringBuilder();
        var buffer = new char[4096];
        while (!answer.ToString().Contains("\r\n\r\n", StringComparison.Ordinal)
            && await reader.ReadAsync(buffer, Cancelled) is > 0 and var read)
        {
            answer.Append(buffer, 0, read);
        }

        return answer.ToString();
    }

    /// <summary>The only action that is open, as soon as there is one.</summary>
    public async Task<JsonElement> OpenAsync()
    {
        while (true)
        {
            var list = await JsonAsync(await Alice.GetAsync("/v1/actions?state=pending", Cancelled));
            if (list.GetProperty("items").GetArrayLength() > 0)
            {
                return list.GetProperty("items")[0];
            }

            await Task.Delay(10, Cancelled);
        }
    }

    public async Task<JsonElement> VoteAsync(JsonElement action, string decision, HttpClient? person = null)
    {
        var answer = await (person ?? Alice).PostAsync(
            $"/v1/actions/{action.GetProperty("id").GetString()}/votes",
            Json(new { decision, digest = action.GetProperty("digest").GetString() }),
            Cancelled);
        return await JsonAsync(answer);
    }

    public async Task<JsonElement> ActionAsync(string id, string query = "") =>
        await JsonAsync(await Agent.GetAsync($"/v1/actions/{id}{query}", Cancelled));

    public static StringContent Json(object body) =>
        new(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");

    public static StringContent Text(string body, string type)
    {
        var content = new StringContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return content;
    }

    public static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    public async ValueTask DisposeAsync()
    {
        Agent.Dispose();
        Alice.Dispose();
        await _node.DisposeAsync();
        await Upstream.DisposeAsync();
        _folder.Dispose();
    }

    private static HttpClient ClientOf(Node node, string token)
    {
        var client =
            new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = node.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
