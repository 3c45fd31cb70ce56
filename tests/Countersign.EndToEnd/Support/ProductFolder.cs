namespace Countersign.EndToEnd.Support;

/// <summary>A folder as a user would write it: configuration, policy, and the data the product puts there.</summary>
internal sealed class ProductFolder : IDisposable
{
    private static readonly string[] s_people = ["ALICE", "BOB", "CAROL", "DAVE"];

    private static readonly string[] s_names =
        [.. s_people, "DEPLOY_BOT", "BOT_FOR_BOB", "TEAM_BOT", "OTHER_BOT", "OPS"];

    private readonly ProductOptions _options;

    public ProductFolder(ProductOptions options)
    {
        _options = options;
        Path = Directory.CreateTempSubdirectory("countersign-e2e-").FullName;
        Directory.CreateDirectory(In("policies"));
        File.WriteAllText(PolicyFile, options.Policy);
        File.WriteAllText(Configuration, s_people.Aggregate(Text, WithAccount));
    }

    public string Path { get; }

    public int Port { get; } = Ports.Take();

    public string Configuration => In("countersign.yaml");

    public string PolicyFile => In("policies/policy.yaml");

    public string Database => In(_options.DataFolder + "/countersign.db");

    /// <summary>The environment variables that the configuration names, and those of the test.</summary>
    public IReadOnlyDictionary<string, string> Variables => s_names
        .ToDictionary(name => name + "_TOKEN", TokenOf)
        .Concat(_options.Environment)
        .ToDictionary();

    private string Text =>
        $$"""
        listen: http://127.0.0.1:{{Port}}
        store: sqlite:{{_options.DataFolder}}/countersign.db
        ledger: { origin: e2e.example/countersign, key: {{_options.DataFolder}}/ledger.key{{_options.Ledger}} }
        people:
          - { id: alice, name: Alice Liddell, groups: [platform, oncall], roles: [admin], tokens: [ env:ALICE_TOKEN ] }
          - { id: bob, name: Bob Dodgson, groups: [platform, dba], tokens: [ env:BOB_TOKEN ] }
          - { id: carol, name: Carol Lewis, groups: [platform, dba, crew], tokens: [ env:CAROL_TOKEN ] }
          - { id: dave, name: Dave Hatter, groups: [crew], tokens: [ env:DAVE_TOKEN ] }{{_options.People}}
        agents:
          - { id: deploy-bot, owner: dave,
              tokens: [ env:DEPLOY_BOT_TOKEN, { value: env:BOT_FOR_BOB_TOKEN, on_behalf_of: bob } ] }
          - { id: team-bot, owner: group:crew, tokens: [ env:TEAM_BOT_TOKEN ] }
          - { id: other-bot, owner: dave, tokens: [ env:OTHER_BOT_TOKEN ] }
        policies: policies/
        {{_options.More}}
        targets:
          sdk: { gate: api, environment: production }
        {{Ops}}
        {{_options.Targets}}

        """;

    /// <summary>Gives a person their Slack account and address, in the line that is theirs.</summary>
    private string WithAccount(string text, string name)
    {
        var more = _options.Accounts.TryGetValue(name, out var account) ? ", " + account : "";
        var role = _options.Roles.TryGetValue(name, out var given) ? $"roles: [admin, {given}], tokens" : null;
        var tokens = $"tokens: [ env:{name}_TOKEN ] }}";
        return text
            .Replace(
                $"roles: [admin], {tokens}",
                $"{role ?? "roles: [admin], tokens"}{tokens[6..]}",
                StringComparison.Ordinal)
            .Replace(
                $"[ env:{name}_TOKEN ] }}",
                $"[ env:{name}_TOKEN ], email: {name.ToLowerInvariant()}@example.com, " +
                $"accounts: {{ slack: T0123/U0{name}{more} }} }}",
                StringComparison.Ordinal);
    }

    private string Ops => _options.Upstream is { } upstream
        ? $$"""  ops: { gate: mcp, environment: production, upstream: { url: "{{upstream}}" }, """
            + $"reviewers: group:platform, {_options.Ops} }}"
        : "";

    /// <summary>The token of a person, an agent or the target: <c>ALICE</c>, <c>DEPLOY_BOT</c>, <c>OPS</c>.</summary>
    public static string TokenOf(string name) => $"{name.ToLowerInvariant()}-token-of-the-end-to-end-tests";

    public string In(string path) => System.IO.Path.Combine(Path, path);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
