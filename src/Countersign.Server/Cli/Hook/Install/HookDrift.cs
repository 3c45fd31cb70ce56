namespace Countersign.Server.Cli.Hook.Install;

/// <summary>
/// Whether an installed hook is still what the installer writes. A hook that answers a probe proves nothing when it is
/// called for one tool only, or when its agent's time limit ends before its own (THR-081).
/// </summary>
internal static class HookDrift
{
    /// <summary>What would have to change, for people; <c>null</c> when nothing would.</summary>
    /// <param name="settings">Settings with this hook in them.</param>
    /// <param name="host">The agent whose they are.</param>
    /// <param name="scope">Whose they are otherwise.</param>
    public static string? Of(HookSettings settings, HookHost host, HookScope scope)
    {
        var plan = HookPlan.Of(host);
        var before = settings.Installed.FirstOrDefault(each => each.Event == plan.BeforeEvent).Command;
        if (before is null || HookCommandLine.TryRead(before, host) is not { } command)
        {
            return $"no command of '{plan.BeforeEvent}' is one that --install writes";
        }

        var wanted = HookSettings.Read(settings.Path, host.Name);
        try
        {
            plan.Write(wanted, command, scope);
        }
        catch (CommandFailure strange)
        {
            return strange.Message;
        }

        return wanted.IsChanged ? $"it would have to be\n{LineDiff.Of(wanted.Before, wanted.After)}" : null;
    }
}
