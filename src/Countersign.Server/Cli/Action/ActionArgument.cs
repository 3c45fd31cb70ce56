using System.CommandLine;
using Countersign.Core.Actions;

namespace Countersign.Server.Cli.Action;

/// <summary>The id of the action a command is about.</summary>
internal static class ActionArgument
{
    public static Argument<string> Create() => new("id") { Description = "The action, like act_01k…" };

    public static string Read(ParseResult parsed, Argument<string> argument)
    {
        var text = parsed.GetRequiredValue(argument);
        return ActionId.TryParse(text, out var id)
            ? id.Value
            : throw new CommandFailure(ExitCode.Usage, $"'{text}' is not an action id (act_ and 26 characters).");
    }
}
