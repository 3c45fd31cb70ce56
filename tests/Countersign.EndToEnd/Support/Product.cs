namespace Countersign.EndToEnd.Support;

/// <summary>The built product, serving a folder of its own; it can be stopped, killed and started again.</summary>
internal sealed class Product : IAsyncDisposable
{
    private const string Listening = "Countersign listens on";

    /// <summary>The exit code of whoever was ended by SIGKILL.</summary>
    private const int Killed = 128 + 9;

    private readonly List<Api> _callers = [];
    private RunningProgram _server;

    private Product(ProductFolder folder, RunningProgram server)
    {
        Folder = folder;
        _server = server;
    }

    public ProductFolder Folder { get; }

    public Uri Address => new($"http://127.0.0.1:{Folder.Port}/");

    public int ProcessId => _server.Id;

    public bool IsRunning => !_server.HasExited;

    /// <summary>What the present process has logged.</summary>
    public string Log => _server.Output + _server.Errors;

    public static async Task<Product> StartAsync(ProductOptions options, CancellationToken cancellationToken)
    {
        var folder = new ProductFolder(options);
        try
        {
            return new Product(folder, await ServeAsync(folder, options.KillAt, cancellationToken));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The address where an agent speaks MCP to a target.</summary>
    public Uri Mcp(string target) => new(Address, $"mcp/{target}");

    /// <summary>The API with the token of <c>ALICE</c>, <c>DEPLOY_BOT</c> and so on.</summary>
    public Api As(string name) => WithToken(ProductFolder.TokenOf(name));

    public Api WithToken(string? token)
    {
        var api = new Api(Address, token);
        _callers.Add(api);
        return api;
    }

    /// <summary>Runs a command of the product with the token of somebody.</summary>
    public Task<ProgramResult> RunAsync(string name, CancellationToken cancellationToken, params string[] arguments) =>
        RunningProgram.RunAsync(
            new ProgramOptions(Repository.Binary, arguments)
            {
                WorkingDirectory = Folder.Path,
                Environment = new Dictionary<string, string>(Folder.Variables)
                {
                    ["COUNTERSIGN_URL"] = Address.ToString(),
                    ["COUNTERSIGN_TOKEN"] = ProductFolder.TokenOf(name),
                },
            },
            cancellationToken);

    public Task KillAsync() => _server.KillAsync();

    public Task<ProgramResult> StopAsync(CancellationToken cancellationToken) =>
        _server.TerminateAsync(cancellationToken);

    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        await _server.DisposeAsync();
        _server = await ServeAsync(Folder, killAt: null, cancellationToken);
    }

    /// <summary>Starts again, to be killed at another point.</summary>
    public async Task StartAgainAsync(string killAt, CancellationToken cancellationToken)
    {
        await _server.DisposeAsync();
        _server = await ServeAsync(Folder, killAt, cancellationToken);
    }

    /// <summary>Waits until the process has killed itself at its kill point.</summary>
    public async Task WaitForDeathAsync(CancellationToken cancellationToken)
    {
        var ended = await _server.WaitAsync(cancellationToken).WaitAsync(Limits.Soon, cancellationToken);
        Assert.True(ended.ExitCode == Killed, ended.ToString());
        Assert.Contains("Killed at '", ended.Errors, StringComparison.Ordinal);
    }

    /// <summary>Starts again; <c>false</c> when it was killed before it listened.</summary>
    public async Task<bool> TryStartAgainAsync(string killAt, CancellationToken cancellationToken)
    {
        await _server.DisposeAsync();
        _server = RunningProgram.Start(ServerOf(Folder, killAt));
        if (await ListensAsync(_server, cancellationToken))
        {
            return true;
        }

        await WaitForDeathAsync(cancellationToken);
        return false;
    }

    /// <summary>Recomputes the store from outside, and compares what payloads say with its tables.</summary>
    public async Task VerifyLedgerAsync(CancellationToken cancellationToken)
    {
        var key = (await RunAsync("ALICE", cancellationToken, "ledger", "key")).Output.Trim();
        var store = "sqlite:" + Folder.Database;
        var verified = await RunAsync(
            "ALICE",
            cancellationToken,
            ["ledger", "verify", "--store", store, "--vkey", key, "--config", Folder.Configuration]);
        Assert.True(verified.ExitCode == 0, verified.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var caller in _callers)
        {
            caller.Dispose();
        }

        await _server.DisposeAsync();
        Folder.Dispose();
    }

    private static ProgramOptions ServerOf(ProductFolder folder, string? killAt) => new(
        killAt is null ? Repository.Binary : Repository.FaultyBinary, "serve", "--config", folder.Configuration)
    {
        Environment = new Dictionary<string, string>(folder.Variables) { ["COUNTERSIGN_KILL_AT"] = killAt ?? "" },
        WorkingDirectory = folder.Path,
    };

    private static async Task<RunningProgram> ServeAsync(
        ProductFolder folder, string? killAt, CancellationToken cancellationToken)
    {
        var server = RunningProgram.Start(ServerOf(folder, killAt));
        if (await ListensAsync(server, cancellationToken))
        {
            return server;
        }

        var ended = await server.WaitAsync(cancellationToken);
        await server.DisposeAsync();
        throw new InvalidOperationException($"The product did not start: {ended}");
    }

    /// <summary>Waits until it listens; <c>false</c> when it ended before.</summary>
    private static async Task<bool> ListensAsync(RunningProgram server, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limits.Soon);
        string? line;
        do
        {
            line = await server.ReadErrorAsync(limit.Token);
        }
        while (line?.Contains(Listening, StringComparison.Ordinal) == false);

        return line is not null;
    }
}
