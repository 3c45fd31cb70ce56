using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Server.Configuration;
using Countersign.Server.Hosting;
using Countersign.Tests.Console;
using Countersign.Tests.Support;

namespace Countersign.Tests.SignIn;

/// <summary>
/// A whole node beside a provider. Alice and Bob have accounts there; who is in <c>dba</c> says the provider. Carol
/// stands in the configuration alone and owns the agent <c>bot</c>, whose every request takes an approval of the group.
/// </summary>
internal sealed class SignInHost : IAsyncDisposable
{
    public const string BotToken = "token-of-the-bot-0123456789";
    public const string AliceToken = "token-of-alice-0123456789";
    public const string CarolToken = "token-of-carol-0123456789";
    public const string ProxySecret = "a secret of the proxy";

    private readonly TemporaryFolder _folder;
    private readonly Node _node;

    private SignInHost(ProviderDouble provider, TemporaryFolder folder, Node node) =>
        (Provider, _folder, _node) = (provider, folder, node);

    public ProviderDouble Provider { get; }

    /// <summary>The node's clock; the provider has its own.</summary>
    public required ShiftedTime Time { get; init; }

    public Uri Address => _node.Address;

    public IServiceProvider Services => _node.Services;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SignInHost> StartAsync(Func<string, string>? change = null)
    {
        var provider = await ProviderDouble.StartAsync();
        var folder = new TemporaryFolder();
        var file = folder.PathOf("countersign.yaml");
        await File.WriteAllTextAsync(folder.PathOf("policy.yaml"), Policy, Cancel);
        await File.WriteAllTextAsync(
            file, (change ?? (static text => text))(ConfigurationFor(provider.Issuer)), Cancel);
        var settings = SettingsFile.Load(file, static _ => null);
        var time = new ShiftedTime();
        var options = new NodeOptions { LogsToTerminal = false, Time = time };
        return new SignInHost(provider, folder, await Node.StartAsync(settings, options, Cancel)) { Time = time };
    }

    public Browser Open() => new(Address);

    /// <summary>A browser that came back from the provider, and the answer it then got.</summary>
    public async Task<(Browser Browser, HttpResponseMessage Answer)> SignInAsync(string user)
    {
        Provider.User = user;
        var browser = Open();
        var back = await GoToProviderAsync(browser);
        return (browser, await browser.GetAsync(back.PathAndQuery));
    }

    /// <summary>Begins a sign-in and follows it through the provider, up to the address of the way back.</summary>
    public static async Task<Uri> GoToProviderAsync(Browser browser)
    {
        using var sent = await browser.GetAsync("/console/sign-in/provider");
        Assert.Equal(HttpStatusCode.SeeOther, sent.StatusCode);
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var answer = await client.GetAsync(sent.Headers.Location, Cancel);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        return answer.Headers.Location!;
    }

    /// <summary>A browser in which somebody is signed in by the provider.</summary>
    public async Task<Browser> OpenForAsync(string user)
    {
        var (browser, answer) = await SignInAsync(user);
        using (answer)
        {
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
        }

        return browser;
    }

    /// <summary>A request of the agent, and its id.</summary>
    public async Task<string> AskAsync(string table = "orders", string token = BotToken)
    {
        using var answer = await SendAsync(token, table);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return json.GetProperty("id").GetString()!;
    }

    /// <summary>What the API answers to a request of whoever has the token.</summary>
    public async Task<HttpResponseMessage> SendAsync(string token, string table = "orders")
    {
        using var client = ClientWith(token);
        return await client.PostAsJsonAsync(
            "/v1/actions",
            new { target = "sdk", operation = "drop_table", arguments = new { table } },
            Cancel);
    }

    public async Task<JsonElement> FindAsync(string id, string token = BotToken)
    {
        using var client = ClientWith(token);
        return await client.GetFromJsonAsync<JsonElement>($"/v1/actions/{id}", Cancel);
    }

    public HttpClient ClientWith(string token) => new()
    {
        BaseAddress = Address,
        DefaultRequestHeaders = { { "Authorization", $"Bearer {token}" } },
    };

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await Provider.DisposeAsync();
        _folder.Dispose();
    }

    private const string Policy = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 30m } ] } }
        """;

    private static string ConfigurationFor(string issuer) => $$"""
        listen: http://127.0.0.1:0
        store: sqlite:countersign.db
        ledger: { origin: test.example/countersign, key: ledger.key }
        people:
          - { id: alice, name: Alice, roles: [admin], tokens: [ {{AliceToken}} ], accounts: { oidc: sub-alice } }
          - { id: bob, name: Bob, groups: [ops], accounts: { oidc: sub-bob } }
          - { id: carol, name: Carol, groups: [ops], tokens: [ {{CarolToken}} ] }
        agents:
          - { id: bot, owner: carol, tokens: [ {{BotToken}} ] }
        targets:
          sdk: { gate: api, environment: production, reviewers: group:dba }
        policies: policy.yaml
        sign_in:
          provider:
            issuer: {{issuer}}
            client_id: {{ProviderDouble.ClientId}}
            client_secret: {{ProviderDouble.ClientSecret}}
            name: Acme
            groups: { db-owners: dba }
        """;
}
