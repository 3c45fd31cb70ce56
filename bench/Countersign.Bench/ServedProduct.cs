using System.Diagnostics;
using System.Globalization;

namespace Countersign.Bench;

/// <summary>The built product, serving a folder of its own until it is disposed.</summary>
internal sealed class ServedProduct : IAsyncDisposable
{
    public const int Agents = 100;
    public const string AgentToken = "agent-token-of-the-benchmarks";
    public const string ReviewerToken = "reviewer-token-of-the-benchmarks";

    private const string Listening = "Countersign listens on ";

    private const string Policy =
        """
        version: 1
        default: deny
        rules:
          - id: echoes
            reason: An echo changes nothing.
            when: action.operation == "echo"
            then: allow
          - id: reads
            reason: Reading changes nothing.
            when: action.gate == "postgres" && sql.read_only
            then: allow
          - id: gets
            reason: A GET changes nothing here.
            when: action.gate == "http" && http.method == "GET"
            then: allow
          - id: restarts
            reason: A restart interrupts customers.
            when: action.operation == "restart"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 8h } ]
                assurance: token

        """;

    private readonly Process _process;

    private ServedProduct(Process process, string folder, Uri address) =>
        (_process, Folder, Address) = (process, folder, address);

    public string Folder { get; }

    public Uri Address { get; }

    /// <param name="bench">Where the product is.</param>
    /// <param name="targets">Lines of <c>targets:</c>.</param>
    /// <param name="more">Other members of the configuration, such as <c>limits:</c>.</param>
    /// <param name="folder">A folder from an earlier run; <c>null</c> makes one.</param>
    public static async Task<ServedProduct> StartAsync(
        Bench bench, string targets, string more = "", string? folder = null)
    {
        folder ??= Prepare(targets, more);
        var process = Bench.Start(
            [bench.Product, "serve", "--config", Path.Combine(folder, "countersign.yaml")],
            Enumerable.Range(0, Agents).ToDictionary(agent => $"AGENT_{agent}", TokenOf)
                .Append(KeyValuePair.Create("REVIEWER_TOKEN", ReviewerToken)).ToDictionary());
        var said = new List<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Add(line);
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            {
                _ = process.StandardError.ReadToEndAsync();
                _ = process.StandardOutput.ReadToEndAsync();
                var address = line[(at + Listening.Length)..].Split(' ', ',')[0].TrimEnd('.');
                return new ServedProduct(process, folder, new Uri(address));
            }
        }

        throw new InvalidOperationException(string.Join("\n", said));
    }

    /// <summary>The token of one of the agents, counted from 0; the first has <see cref="AgentToken"/>.</summary>
    public static string TokenOf(int agent) => agent == 0 ? AgentToken : $"{AgentToken}-{agent}";

    /// <summary>Tenant and object id of the one person who decides.</summary>
    public const string TeamsAccount =
        "6f9619ff-8b86-4d01-b42d-00cf4fc964ff/00000000-0000-0000-0000-00000000000a";

    public TimeSpan CpuTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public long ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    /// <summary>Stops it and keeps its folder.</summary>
    public async Task StopAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static string AgentLine(int agent) => string.Create(
        CultureInfo.InvariantCulture, $"  - {{ id: bot-{agent}, owner: bob, tokens: [ env:AGENT_{agent} ] }}");

    private static string Prepare(string targets, string more)
    {
        var folder = Directory.CreateTempSubdirectory("countersign-bench-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "policies"));
        File.WriteAllText(Path.Combine(folder, "policies", "policy.yaml"), Policy);
        File.WriteAllText(Path.Combine(folder, "countersign.yaml"), string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            listen: http://127.0.0.1:0
            store: sqlite:data/countersign.db
            ledger: { origin: bench.example/countersign, key: data/ledger.key }
            people:
              - { id: alice, name: Alice, groups: [platform], tokens: [ env:REVIEWER_TOKEN ],
                  accounts: { slack: T0123/U0ALICE, teams: {{TeamsAccount}} } }
              - { id: bob, name: Bob, groups: [] }
            agents:
            {{string.Join('\n', Enumerable.Range(0, Agents).Select(AgentLine))}}
            policies: policies/
            {{more}}
            targets:
            {{targets}}

            """));
        return folder;
    }
}
