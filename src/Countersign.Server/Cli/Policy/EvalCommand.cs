using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Server.Cli.Policy;

/// <summary>
/// <c>policy eval</c>: evaluates one condition. With facts it is compiled as a rule of a policy would be; with typed
/// bindings it is plain CEL, as the public conformance data has it.
/// </summary>
internal static class EvalCommand
{
    private const string StandardInput = "-";
    private const int SourceLength = 1 << 20;

    private static readonly JsonDocumentOptions Documents = new() { MaxDepth = 512 };

    public static Command Create()
    {
        var expression = new Argument<string?>("expression")
        {
            Description = "The condition; '-' reads it from stdin.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var file = new Option<string?>("--file") { Description = "Reads the condition from a file." };
        var facts = new Option<string?>("--facts")
        {
            Description = "A JSON file of facts: {\"sql\": {\"verbs\": [\"DROP\"]}}. What it does not say is unknown.",
        };
        var bindings = new Option<string?>("--bindings")
        {
            Description = "A JSON file of typed values by name, for CEL without the types of a policy.",
        };
        var command = new Command("eval", "Evaluate one condition and say what it costs and what it does not know.")
        {
            expression, file, facts, bindings, Output.Json,
        };
        command.Runs(async (parsed, cancellationToken) =>
        {
            var (name, source) = await ReadSourceAsync(
                parsed.GetValue(expression), parsed.GetValue(file), cancellationToken);
            return (parsed.GetValue(bindings), parsed.GetValue(facts)) switch
            {
                ({ }, { }) => throw new CommandFailure(
                    ExitCode.Usage, "Give --facts or --bindings, not both: only facts have the types of a policy."),
                ({ } path, _) => EvaluatePlain(parsed, source, path),
                (_, var path) => await EvaluateAsync(parsed, name, source, path),
            };
        });
        return command;
    }

    private static async Task<(string Name, string Source)> ReadSourceAsync(
        string? expression, string? file, CancellationToken cancellationToken) => (expression, file) switch
        {
            (null, { } path) => (path, ReadFile(path)),
            (StandardInput, null) => ("stdin", await ReadInputAsync(cancellationToken)),
            ({ } text, null) => ("condition", text),
            _ => throw new CommandFailure(
                ExitCode.Usage, "Give one condition: as an argument, with --file, or '-' and the text on stdin."),
        };

    /// <summary>Reads no more than could be a condition; the compiler says what is too long.</summary>
    private static async Task<string> ReadInputAsync(CancellationToken cancellationToken)
    {
        var buffer = new char[SourceLength];
        var length = await global::System.Console.In.ReadBlockAsync(buffer, cancellationToken);
        return new string(buffer, 0, length);
    }

    private static int EvaluatePlain(ParseResult parsed, string source, string path)
    {
        using var document = ReadJson(path);
        var value = CelJson.Evaluate(source, document.RootElement, TimeZones.Find);
        Output.Write(parsed, JsonSerializer.SerializeToElement(CelJson.Print(value)), _ => EvalReport.Show(value));
        return value.IsError ? ExitCode.Failed : ExitCode.Succeeded;
    }

    private static async Task<int> EvaluateAsync(ParseResult parsed, string name, string source, string? path)
    {
        var facts = ReadFacts(path);
        var (trial, errors) = Trial.Of(source, facts);
        if (trial is not null)
        {
            Output.Write(parsed, EvalReport.Of(trial), _ => EvalReport.ToText(trial));
            return trial.Value.IsError ? ExitCode.Failed : ExitCode.Succeeded;
        }

        foreach (var error in errors)
        {
            await Terminal.TellAsync($"{name}:{error}");
        }

        if (parsed.GetValue(Output.Json))
        {
            Output.Write(parsed, EvalReport.Of(errors), data => data.ToString());
        }

        return ExitCode.Failed;
    }

    private static TrialFacts ReadFacts(string? path)
    {
        if (path is null)
        {
            return TrialFacts.Read(JsonElement.Parse("{}"));
        }

        using var document = ReadJson(path);
        var facts = TrialFacts.Read(document.RootElement);
        return facts.Errors.Count == 0
            ? facts
            : throw new CommandFailure(ExitCode.Usage, string.Join('\n', facts.Errors.Select(e => $"{path}: {e}")));
    }

    private static JsonDocument ReadJson(string path)
    {
        try
        {
            return JsonDocument.Parse(ReadFile(path), Documents);
        }
        catch (JsonException invalid)
        {
            throw new CommandFailure(ExitCode.Usage, $"{path} is no JSON: {invalid.Message}");
        }
    }

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(ExitCode.Usage, $"{path} cannot be read: {unreadable.Message}");
        }
    }
}
