using System.Diagnostics;
using System.Text;
using System.Threading.Channels;

namespace Countersign.EndToEnd.Support;

/// <summary>What a program was started with.</summary>
internal sealed record ProgramOptions(string File, params string[] Arguments)
{
    /// <summary>Added to the environment of the tests.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string WorkingDirectory { get; init; } = Repository.Root;
}

/// <summary>How a program ended and what it said.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- errors\n{Errors}";
}

/// <summary>A running program: its lines as they come, and its end. Only this very process is ever ended.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Channel<string> _outputLines = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _errorLines = Channel.CreateUnbounded<string>();

    private int _disposed;

    private RunningProgram(Process process) => _process = process;

    /// <summary>What it has written to its standard error so far.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static RunningProgram Start(ProgramOptions options)
    {
        var start = new ProcessStartInfo(options.File, options.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = options.WorkingDirectory,
        };
        start.Environment["DOTNET_ROOT"] = Repository.DotNet;
        start.Environment.Remove("COUNTERSIGN_URL");
        start.Environment.Remove("COUNTERSIGN_TOKEN");
        foreach (var name in start.Environment.Keys.Where(IsOfOpenTelemetry).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in options.Environment)
        {
            start.Environment[name] = value;
        }

        var program = new RunningProgram(new Process { StartInfo = start });
        program._process.OutputDataReceived += (_, line) => Keep(line.Data, program._output, program._outputLines);
        program._process.ErrorDataReceived += (_, line) => Keep(line.Data, program._errors, program._errorLines);
        program._process.Start();
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        return program;
    }

    /// <summary>Runs a program to its end, without input.</summary>
    public static async Task<ProgramResult> RunAsync(ProgramOptions options, CancellationToken cancellationToken)
    {
        await using var program = Start(options);
        program._process.StandardInput.Close();
        return await program.WaitAsync(cancellationToken);
    }

    public async Task WriteLineAsync(string line, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
    }

    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>The next line of its output, or <c>null</c> when it has ended.</summary>
    public Task<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        NextAsync(_outputLines, cancellationToken);

    /// <summary>The next line of its standard error, or <c>null</c> when it has ended.</summary>
    public Task<string?> ReadErrorAsync(CancellationToken cancellationToken) =>
        NextAsync(_errorLines, cancellationToken);

    public async Task<ProgramResult> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return new ProgramResult(_process.ExitCode, Output, Errors);
    }

    /// <summary>SIGKILL: no line of its code runs after this.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as a service manager sends it.</summary>
    public async Task<ProgramResult> TerminateAsync(CancellationToken cancellationToken)
    {
        using var kill = Process.Start("bash", ["-c", $"kill -TERM {_process.Id}"]);
        await kill.WaitForExitAsync(cancellationToken);
        return await WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    /// <summary>Whoever runs the tests may be traced; what they start is not.</summary>
    private static bool IsOfOpenTelemetry(string name) => name.StartsWith("OTEL_", StringComparison.Ordinal);

    private static void Keep(string? line, StringBuilder text, Channel<string> lines)
    {
        if (line is null)
        {
            lines.Writer.TryComplete();
            return;
        }

        lock (text)
        {
            text.AppendLine(line);
        }

        lines.Writer.TryWrite(line);
    }

    private static async Task<string?> NextAsync(Channel<string> lines, CancellationToken cancellationToken) =>
        await lines.Reader.WaitToReadAsync(cancellationToken) && lines.Reader.TryRead(out var line) ? line : null;
}
