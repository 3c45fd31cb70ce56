using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Countersign.Core.Policies;
using Countersign.Server.Configuration;

namespace Countersign.Server.Cli.Policy;

/// <summary>
/// <c>countersign policy check</c>: loads a policy as a server would and says where each rule applies.
/// </summary>
internal static class CheckCommand
{
    private const string DefaultPath = "policies/";

    public static Command Create()
    {
        var path = new Argument<string?>("path")
        {
            Description = $"A policy file, or a folder of *.yaml files; default {DefaultPath}, or what --config says.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var config = new Option<string?>("--config")
        {
            Description = "A configuration; with it, who is asked is checked against the people it registers.",
        };
        var command = new Command("check", "Check policy files and print the gates of each rule.")
        {
            path, config, Output.Json,
        };
        command.Runs(async (parsed, _) =>
        {
            var (files, settings) = Read(parsed.GetValue(path), parsed.GetValue(config));
            if (settings is null)
            {
                await Terminal.TellAsync("Without --config the people who would have to approve are not checked.");
            }

            var load = Core.Policies.Policy.Load(files, settings?.People);
            return load is PolicyLoad.Loaded loaded
                ? await ReportAsync(parsed, loaded.Policy, settings)
                : await ReportAsync(parsed, ((PolicyLoad.Refused)load).Errors);
        });
        return command;
    }

    private static (ImmutableArray<PolicyText> Files, Settings? Settings) Read(string? path, string? config)
    {
        var settings = config is null ? null : SettingsFile.Load(config, Environment.GetEnvironmentVariable);
        return path is null && settings is not null
            ? (settings.Policies, settings)
            : (ReadFiles(path ?? DefaultPath), settings);
    }

    private static ImmutableArray<PolicyText> ReadFiles(string path)
    {
        var here = Directory.GetCurrentDirectory();
        try
        {
            return [.. PolicyFiles.Read(path, here).Select(file => file with { Name = Shown(file.Name, here) })];
        }
        catch (ConfigurationException unreadable)
        {
            throw new CommandFailure(ExitCode.Usage, unreadable.Message);
        }
    }

    /// <summary>A file elsewhere is named in full; a row of ".." would help nobody to find it.</summary>
    private static string Shown(string relative, string here) =>
        relative.StartsWith("..", StringComparison.Ordinal) ? Path.GetFullPath(relative, here) : relative;

    private static async Task<int> ReportAsync(ParseResult parsed, Core.Policies.Policy policy, Settings? settings)
    {
        ImmutableArray<string> warnings = settings is null ? [] : OutOfReach.Find(policy, settings);
        foreach (var warning in warnings)
        {
            await Terminal.TellAsync("warning: " + warning);
        }

        Output.Write(parsed, CheckReport.Of(policy, warnings), CheckReport.ToText);
        return ExitCode.Succeeded;
    }

    private static async Task<int> ReportAsync(ParseResult parsed, ImmutableArray<PolicyError> errors)
    {
        foreach (var error in errors)
        {
            await Terminal.TellAsync(error.ToString());
        }

        if (parsed.GetValue(Output.Json))
        {
            Output.Write(parsed, CheckReport.Of(errors), data => data.ToString());
        }

        return ExitCode.Failed;
    }
}
