using System.Security.Cryptography;

namespace Countersign.Server.Demo;

/// <summary>
/// The demo's folder: a configuration and a policy as a user would write them, fresh tokens, an empty store.
/// </summary>
internal sealed class DemoFiles
{
    /// <summary>Marks a ledger as a demo's; <c>serve</c> refuses it.</summary>
    public const string Origin = "demo.invalid/countersign";

    private const int TokenBytes = 24;

    private DemoFiles(string folder, Dictionary<string, string> variables)
    {
        Folder = folder;
        Variables = variables;
    }

    public string Folder { get; }

    public string Configuration => Path.Combine(Folder, "countersign.yaml");

    public string Database => Path.Combine(Folder, "data", "countersign.db");

    /// <summary>The environment variables that the configuration names: tokens made for this demo.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    public string AliceToken => Variables["ALICE_TOKEN"];

    public string AgentToken => Variables["RELEASE_BOT_TOKEN"];

    public static DemoFiles Create(Uri upstream, int port)
    {
        var folder = Directory.CreateTempSubdirectory("countersign-demo-").FullName;
        var files = new DemoFiles(folder, new Dictionary<string, string>
        {
            ["ALICE_TOKEN"] = NewToken(),
            ["BOB_TOKEN"] = NewToken(),
            ["RELEASE_BOT_TOKEN"] = NewToken(),
        });
        Directory.CreateDirectory(Path.Combine(folder, "policies"));
        File.WriteAllText(Path.Combine(folder, "policies", "demo.yaml"), Policy);
        File.WriteAllText(files.Configuration, ConfigurationFor(upstream, port));
        return files;
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes));

    private static string ConfigurationFor(Uri upstream, int port) =>
        $$"""
        listen: http://127.0.0.1:{{port}}
        store: sqlite:data/countersign.db
        ledger: { origin: {{Origin}}, key: data/ledger.key }
        people:
          - { id: alice, name: Alice Liddell, groups: [platform], tokens: [ env:ALICE_TOKEN ] }
          - { id: bob, name: Bob Dodgson, groups: [platform], tokens: [ env:BOB_TOKEN ] }
        agents:
          - { id: release-bot, owner: bob, tokens: [ env:RELEASE_BOT_TOKEN ] }
        targets:
          acme-ops: { gate: mcp, environment: production, upstream: { url: "{{upstream}}" }, reviewers: group:platform }
        policies: policies/

        """;

    /// <summary>
    /// The held rule asks for a token's assurance, so that the printed command line may approve; a real policy keeps
    /// the default, a session.
    /// </summary>
    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: reports
            reason: Reading a report changes nothing.
            when: mcp.tool == "read_report"
            then: allow
          - id: exports
            reason: Customer data leaves the company only after somebody else has looked.
            when: mcp.tool == "export_customers"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token
          - id: keys
            reason: Keys are rotated by people, never by agents.
            when: mcp.tool == "rotate_key"
            then: deny

        """;
}
