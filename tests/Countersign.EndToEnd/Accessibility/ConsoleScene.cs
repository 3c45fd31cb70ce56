using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.EndToEnd.Support;
using Countersign.Tests.SignIn;
using Microsoft.Playwright;

namespace Countersign.EndToEnd.Accessibility;

/// <summary>
/// A product in which every state of the console can be reached: an MCP server that previews and fails, a database,
/// Slack, an identity provider and custodians; and the page that is looked at.
/// </summary>
internal sealed partial class ConsoleScene : IAsyncDisposable
{
    public const string Pin = "4711-0815";

    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: restarts
            reason: A restart interrupts customers.
            when: action.operation == "restart_service"
            then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }
          - id: backups
            reason: Whoever approves this signs in.
            when: action.operation == "delete_backup"
            then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ] } }
          - id: pairs
            reason: Two of the platform team have to agree.
            when: action.operation == "move_money"
            then: { require: { stages: [ { of: group:platform, need: 2, within: 30m } ], assurance: token } }
          - id: moments
            reason: This has to be decided at once.
            when: action.operation == "rotate_key"
            then: { require: { stages: [ { of: group:platform, need: 1, within: 1s } ], assurance: token } }
          - id: drops
            reason: Tables are dropped by people, never by agents.
            when: action.operation == "drop_table"
            then: deny
          - id: statements
            reason: People look at what changes data.
            when: action.gate == "postgres" && !sql.read_only
            then: { require: { stages: [ { of: group:platform, need: 1, within: 30m } ], assurance: token } }

        """;

    private const string Ops = "preview: { delete_backup: count_backups }, mask: [ { field: pin } ]";

    private readonly Database _database;
    private readonly ProviderDouble _provider;
    private readonly Chromium _chromium;
    private readonly List<IAsyncDisposable> _visits = [];
    private WatchedPage? _alice;
    private RunningProgram? _demo;

    private ConsoleScene(
        (Database Database, ProviderDouble Provider, SlackWorld Slack) around, Bench bench, Chromium chromium)
    {
        (_database, _provider, Slack) = around;
        (Bench, _chromium) = (bench, chromium);
    }

    public SlackWorld Slack { get; }

    public Bench Bench { get; }

    /// <summary>The page that is looked at.</summary>
    public IPage Page { get; private set; } = null!;

    /// <summary>Method and path of what the page answers.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>The action that the present states are about.</summary>
    public string Action { get; private set; } = "";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Uri Home => new UriBuilder(Bench.Product.Address) { Host = "localhost" }.Uri;

    public static async Task<ConsoleScene> StartAsync(Chromium chromium)
    {
        var database = await Database.StartAsync(Cancel);
        var provider = await ProviderDouble.StartAsync();
        var slack = await SlackWorld.StartAsync(Cancel);
        var bench = await Bench.StartAsync(OptionsOf(database, provider, slack), Cancel);
        bench.Upstream.Tools["count_backups"] = "Counts.";
        bench.Upstream.Reply = (call, _) => Task.FromResult(Reply(call));
        var scene = new ConsoleScene((database, provider, slack), bench, chromium);
        scene._alice = await scene.OpenAsync(scene.Home);
        scene.Look(scene._alice);
        await Authenticator.AddToAsync(scene.Page);
        return scene;
    }

    /// <summary>Goes to an address of the page that is looked at.</summary>
    public Task GoAsync(string address) => Page.GotoAsync(address);

    /// <summary>Goes to the page of the present action.</summary>
    public Task GoToActionAsync() => GoAsync($"/console/actions/{Action}");

    public Task PressAsync(string button) =>
        Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    /// <summary>Presses the only button whose name begins like this.</summary>
    public Task PressOneAsync(string begin) => Page.Locator("button").Filter(new() { HasText = begin }).ClickAsync();

    public Task UnfoldAsync(string summary) =>
        Page.Locator("summary").Filter(new() { HasText = summary }).ClickAsync();

    /// <summary>An agent asks for something, and its page is opened.</summary>
    public async Task AskAsync(string operation, string arguments, string? reason = null, string target = "ops")
    {
        var body = JsonSerializer.Serialize(new
        {
            target,
            operation,
            arguments = JsonElement.Parse(arguments),
            reason,
        });
        var asked = await Bench.Agent.PostAsync("v1/actions", body, Cancel);
        Action = asked.Id ?? throw new InvalidOperationException($"Not asked: {asked}");
    }

    public async Task AskAndGoAsync(string operation, string arguments, string? reason = null)
    {
        await AskAsync(operation, arguments, reason);
        await GoToActionAsync();
    }

    /// <summary>More than one page holds.</summary>
    public async Task AskOftenAsync(string operation)
    {
        for (var i = 0; i < 101; i++)
        {
            await AskAsync(operation, $$"""{"id":"{{operation}}-{{i}}"}""");
        }
    }

    /// <summary>Bob denies all reviews that a page lists, and it is looked at again.</summary>
    public async Task DenyListedAsync()
    {
        // All of them first: the page is live, and loses a row with each denial.
        var listed = await Page.Locator("[data-review]")
            .EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.review)");
        foreach (var review in listed)
        {
            await Bench.Product.As("BOB").VoteAsync(review, "deny", Cancel);
        }

        await Page.ReloadAsync();
    }

    /// <summary>Somebody whom no rule asks and who owns nothing signs in, in a browser of their own.</summary>
    public async Task SignInGuestAsync()
    {
        var guest = await OpenAsync(Home);
        await guest.SignInAsync("ERIN");
        Look(guest);
    }

    /// <summary>A statement of the agent; the page of it is opened.</summary>
    public async Task AskStatementAsync(string text)
    {
        await AskAsync(
            "sql", JsonSerializer.Serialize(new { text, parameters = Array.Empty<string>() }), target: "orders");
        await GoToActionAsync();
    }

    public Task VoteAsync(string person, string decision) =>
        Bench.Product.As(person).VoteAsync(Action, decision, Cancel);

    /// <summary>The agent takes its permit, and says nothing more.</summary>
    public async Task ClaimAsync()
    {
        var shown = await Bench.Agent.ShowAsync(Action, Cancel);
        var claim = JsonSerializer.Serialize(new { digest = shown.Digest });
        await Bench.Agent.PostAsync($"v1/actions/{Action}/claim", claim, Cancel);
    }

    /// <summary>What became of the present action, once it has ended.</summary>
    public async Task EndAndGoAsync()
    {
        await Bench.Alice.WaitForEndAsync(Action, Cancel);
        await GoToActionAsync();
    }

    /// <summary>Bob changes the arguments.</summary>
    public async Task ReviseAsync(string arguments)
    {
        var shown = await Bench.Alice.ShowAsync(Action, Cancel);
        var body = JsonSerializer.Serialize(new
        {
            digest = shown.Digest,
            arguments = JsonElement.Parse(arguments),
            comment = "Only one of them.",
        });
        var revised = await Bench.Product.As("BOB").PostAsync($"v1/actions/{Action}/revisions", body, Cancel);
        Assert.True(revised.Json.GetProperty("revision").GetInt32() == 2, revised.ToString());
    }

    public Task SignInAsync() => _alice!.SignInAsync("ALICE");

    public Task EnrolAsync() => Authenticator.EnrolAsync(Page, Bench.Product, "alice", Cancel);

    /// <summary>Signs somebody in with the provider, and stops at the page between it and the reviews.</summary>
    public async Task ArriveAsync()
    {
        // The provider sends people to the address that the product calls its own.
        Look(await OpenAsync(Bench.Product.Address));
        await Page.RouteAsync("**/console", route => route.AbortAsync("aborted"));
        await GoAsync("/console/sign-in");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Acme" }).ClickAsync();
    }

    /// <summary>The link that the demo prints, in a browser of its own.</summary>
    public async Task OpenDemoAsync()
    {
        _demo = RunningProgram.Start(new ProgramOptions(Repository.Binary, "demo"));
        var link = new Uri((await DemoOutput.FindLineAsync(_demo, "/console/sign-in/", Cancel)).Trim());
        Look(await OpenAsync(new Uri(link, "/")));
        await GoAsync(link.AbsolutePath);
    }

    /// <summary>Looks at Alice's browser again.</summary>
    public void ReturnToAlice() => Look(_alice!);

    /// <summary>A receipt in the form that checks receipts, as it is or with one name changed.</summary>
    public async Task VerifyAsync(bool isForged)
    {
        var product = Bench.Product;
        var file = product.Folder.In("seen.receipt.json");
        await product.RunAsync("ALICE", Cancel, "ledger", "receipt", Action, "--output", file);
        var text = await File.ReadAllTextAsync(file, Cancel);
        var key = (await product.RunAsync("ALICE", Cancel, "ledger", "key")).Output.Trim();
        await File.WriteAllTextAsync(file, isForged ? text.Replace("deploy-bot", "deploy-bat") : text, Cancel);
        await GoAsync("/console/verify");
        await Page.Locator("#receipt").SetInputFilesAsync(file);
        await Page.GetByLabel("Which log you trust").FillAsync($"log {key}\nquorum none");
        await PressAsync("Verify");
    }

    /// <summary>The code of an envelope.</summary>
    public async Task<string> SealAsync(string custodian)
    {
        var made = await Bench.Product.RunAsync("ALICE", Cancel, "break-glass", "seal", custodian, "--json");
        return JsonElement.Parse(made.Output).GetProperty("code").GetString()!;
    }

    public async Task BreakGlassAsync(string first, string second)
    {
        await Page.GetByLabel("Why it cannot wait").FillAsync("The disk is full and nobody answers.");
        await Page.GetByLabel("Code of the first envelope").FillAsync(first);
        await Page.GetByLabel("Code of the second envelope").FillAsync(second);
        await PressAsync("Break the glass with my passkey");
    }

    /// <summary>Alice enters the code that her page shows in Slack, with an account that nobody has yet.</summary>
    public async Task LinkAsync()
    {
        var code = await Page.Locator("strong > code").InnerTextAsync();
        await Slack.SendAsync(Bench.Product.Address, Slack.Press("U0NEW", "link", "link"), Cancel);
        await Slack.SendAsync(Bench.Product.Address, Slack.Submit("U0NEW", "code", code), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var visit in _visits)
        {
            await visit.DisposeAsync();
        }

        if (_demo is not null)
        {
            var ended = await _demo.TerminateAsync(Cancel);
            await _demo.DisposeAsync();
            DemoOutput.RemoveFolder(ended.Output);
        }

        await Bench.DisposeAsync();
        await Slack.DisposeAsync();
        await _provider.DisposeAsync();
        await _database.DisposeAsync();
    }

    /// <summary>Asks until the product has noticed that Slack does not answer.</summary>
    public async Task UntilDegradedAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limits.Soon);
        string ready;
        do
        {
            ready = await Bench.Alice.Http.GetStringAsync("readyz", limit.Token);
        }
        while (!ready.Contains("degraded", StringComparison.Ordinal));
    }

    /// <summary>The policy forbids what waits, and the agent asks for it again.</summary>
    public async Task ForbidAsync()
    {
        const string arguments = """{"id":"forbidden"}""";
        await AskAsync("restart_service", arguments);
        var held = Action;
        await Bench.Product.StopAsync(Cancel);
        await File.WriteAllTextAsync(
            Bench.Product.Folder.PolicyFile, Policy.Replace("drop_table", "restart_service"), Cancel);
        await Bench.Product.StartAgainAsync(Cancel);
        await AskAsync("restart_service", arguments);
        await SignInAsync();
        await GoAsync($"/console/actions/{held}");
    }

    /// <summary>Whether a method and a path are those of a route.</summary>
    public static bool Fits(string asked, string route) =>
        Regex.IsMatch(asked, $"^{Part().Replace(Regex.Escape(route), "[^/]+")}$");

    private async Task<WatchedPage> OpenAsync(Uri home)
    {
        var watched = await _chromium.OpenAsync(home);
        _visits.Add(watched);
        watched.Page.Response += (_, response) =>
        {
            if (response.Request.IsNavigationRequest && response.Frame == watched.Page.MainFrame)
            {
                Asked = $"{response.Request.Method} {new Uri(response.Url).AbsolutePath}";
            }
        };
        return watched;
    }

    private void Look(WatchedPage watched) => Page = watched.Page;

    private static ProductOptions OptionsOf(Database database, ProviderDouble provider, SlackWorld slack) => new()
    {
        Policy = Policy,
        Ops = Ops,
        Targets = database.Target,
        Accounts = new Dictionary<string, string> { ["ALICE"] = "oidc: sub-alice" },
        Roles = new Dictionary<string, string> { ["ALICE"] = "break-glass" },
        People = "\n  - { id: erin, name: Erin Guest, tokens: [ env:ERIN_TOKEN ] }",
        Environment = new Dictionary<string, string>(SlackWorld.Variables)
        {
            ["ORDERS_ADMIN_DSN"] = database.Admin,
            ["ERIN_TOKEN"] = ProductFolder.TokenOf("ERIN"),
        },
        More = $$"""
            changes: immediate
            limits: { pending_per_agent: 500, reviews_per_agent_per_minute: 500 }
            {{slack.Configuration}}
            postgres: { listen: 127.0.0.1:{{Ports.Take()}} }
            sign_in:
              provider:
                issuer: {{provider.Issuer}}
                client_id: {{ProviderDouble.ClientId}}
                client_secret: {{ProviderDouble.ClientSecret}}
                name: Acme
            break_glass: { time_box: 10m }
            """,
    };

    /// <summary>What the server behind <c>ops</c> does is written in the arguments.</summary>
    private static UpstreamReply Reply(ReceivedCall call) => call switch
    {
        { Tool: "count_backups" } => new UpstreamReply.Structure(
            """{"summary":"Deletes the only copy.","rows":48112,"exact":true,"reversible":false}"""),
        _ when call.Arguments.Contains("fails", StringComparison.Ordinal) =>
            new UpstreamReply.ToolError("the service does not answer"),
        _ when call.Arguments.Contains("vanishes", StringComparison.Ordinal) => new UpstreamReply.Dropped(),
        _ => new UpstreamReply.Text($"ran {call.Tool}"),
    };

    [GeneratedRegex(@"\\\{[^}]+}")]
    private static partial Regex Part();
}
