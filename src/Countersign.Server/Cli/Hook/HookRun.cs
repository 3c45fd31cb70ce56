using System.Text.Json;
using Countersign.Gates.Hooks;

namespace Countersign.Server.Cli.Hook;

/// <summary>What the installed command says.</summary>
internal sealed record HookOptions(HookHost Host)
{
    public string? Target { get; init; }

    /// <summary>How long the agent waits for the hook; the installer writes both from one number.</summary>
    public TimeSpan Timeout { get; init; } = Host.DefaultTimeout;

    /// <summary>The event, for agents that do not name it.</summary>
    public string? EventName { get; init; }

    /// <summary>The file with URL and token, if the environment is not to be trusted.</summary>
    public string? Credentials { get; init; }
}

/// <summary>What surrounds a hook: its streams and its machine.</summary>
internal sealed record HookWorld(Stream Input, HttpMessageInvoker Http, TimeProvider Time)
{
    public required Func<string, string?> Variable { get; init; }

    public HookFolders Folders => HookFolders.Of(Variable);
}

/// <summary>
/// One run of <c>countersign hook CLIENT</c>:
/// <list type="number">
/// <item>read what the agent tells, strictly;</item>
/// <item>ask for a permit and wait for it, until this side of the agent's own time limit;</item>
/// <item>note which permit this is, for the post hook, and claim it: once;</item>
/// <item>only then let the tool run.</item>
/// </list>
/// Whatever goes wrong in any step blocks the call with a reason. The agent would run the tool if this process failed.
/// </summary>
internal sealed class HookRun(HookOptions options, HookWorld world)
{
    /// <summary>How much earlier than the agent this gives up: what a loaded machine needs to say so.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(15);

    /// <summary>The shortest time limit with which anybody could decide anything.</summary>
    public static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(20);

    private (string Id, string Url)? _pending;

    /// <param name="stopped">The agent or the system ends the hook.</param>
    public async Task<HookOutput> RunAsync(CancellationToken stopped)
    {
        using var deadline = new CancellationTokenSource(options.Timeout - Margin, world.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopped);
        try
        {
            // What does not look at the token, such as a read of the standard input, ends with the process.
            return await Task.Run(() => AnswerAsync(end.Token), CancellationToken.None).WaitAsync(end.Token);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            return Block("The hook was stopped before anybody decided; the call was not executed.");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return Block(_pending is { } held
                ? PermitText.Pending(held.Id, held.Url)
                : $"Countersign gave no answer within {options.Timeout - Margin}; the call was not executed.");
        }
        catch (HookFailure failure)
        {
            return Block(failure.Message);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A fault of ours must not run the tool, whatever it is.
            return Block($"The hook failed, so the call was not executed: {failure.GetType().Name}: {failure.Message}");
        }
    }

    private HookOutput Block(string reason) => options.Host.Write(new HookAnswer.Block(reason), use: null);

    private async Task<HookOutput> AnswerAsync(CancellationToken cancellationToken)
    {
        if (options.Timeout < ShortestTimeout)
        {
            throw new HookFailure(
                $"A time limit of {options.Timeout.TotalSeconds} s leaves nobody time to decide; install the hook with "
                + $"--timeout {ShortestTimeout.TotalSeconds} or more.");
        }

        var told = HookInput.Read(world.Input);
        switch (options.Host.Read(told, options.EventName))
        {
            case HookEvent.Before before:
                return options.Host.Write(await DecideAsync(before.Use, cancellationToken), before.Use);
            case HookEvent.After after:
                return await NoteAsync(() => ReportAsync(after, cancellationToken), cancellationToken);
            case HookEvent.Begin begin:
                return await NoteAsync(() => GreetAsync(begin, cancellationToken), cancellationToken);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task<HookAnswer> DecideAsync(ToolUse use, CancellationToken cancellationToken)
    {
        var credentials = HookCredentials.Load(options.Credentials, world.Variable, world.Folders);
        if (IsGatedAlready(use, credentials.Url))
        {
            return new HookAnswer.Pass();
        }

        var permits = new PermitApi(credentials, world.Http, world.Time);
        var target = await FindTargetAsync(permits, credentials, cancellationToken);
        var request = new PermitRequest(options.Host, use, target);
        var action = await permits.AskAsync(request.Body, cancellationToken);
        while (StateOf(action) == "pending")
        {
            _pending = (Text(action, "id"), ReviewOf(action));
            action = await permits.WaitAsync(Text(action, "id"), cancellationToken);
        }

        _pending = null;
        if (StateOf(action) != "approved")
        {
            return new HookAnswer.Block(PermitText.Ended(action));
        }

        var changed = request.Changed(action);
        return changed is { } input && !options.Host.CanReplace(use, input)
            ? new HookAnswer.Block(PermitText.CannotChange(action, input))
            : await ClaimAsync(permits, use, action, changed, cancellationToken);
    }

    private async Task<HookAnswer> ClaimAsync(
        PermitApi permits, ToolUse use, JsonElement action, ReadOnlyMemory<byte>? changed,
        CancellationToken cancellationToken)
    {
        var (id, digest) = (Text(action, "id"), Text(action, "digest"));
        var runs = changed ?? System.Text.Encoding.UTF8.GetBytes(use.Input.GetRawText());
        var notes = new PermitNotes(world.Folders.State, world.Time);
        var note = new PermitNote(id, digest);
        notes.Write(options.Host.Name, use, runs, note);
        var isClaimed = false;
        try
        {
            var claimed = await permits.ClaimAsync(id, digest, cancellationToken);
            isClaimed = StateOf(claimed) == "executing" && Text(claimed, "digest") == digest;
            notes.Write(options.Host.Name, use, runs, note with { Claim = ClaimOf(claimed) });
        }
        finally
        {
            if (!isClaimed)
            {
                notes.Drop(options.Host.Name, use, runs);
            }
        }

        if (!isClaimed)
        {
            return new HookAnswer.Block($"The permit {id} could not be claimed; the call was not executed.");
        }

        var wasHeld = action.GetProperty("review").ValueKind == JsonValueKind.Object;
        return changed is { } input ? new HookAnswer.Replace(PermitText.Changed(action), input)
            : wasHeld ? new HookAnswer.Approve(PermitText.Approved(action))
            : new HookAnswer.Pass();
    }

    /// <summary>
    /// Whether the gateway sees the call as MCP anyway. Only the address tells: a name is whatever a repository calls
    /// its server.
    /// </summary>
    private static bool IsGatedAlready(ToolUse use, Uri server) =>
        use.McpServer is { } address
        && Uri.Compare(
            address, server, UriComponents.SchemeAndServer | UriComponents.UserInfo, UriFormat.UriEscaped,
            StringComparison.OrdinalIgnoreCase) == 0
        && address.AbsolutePath.StartsWith("/mcp/", StringComparison.Ordinal);

    private async Task<string> FindTargetAsync(
        PermitApi permits, HookCredentials credentials, CancellationToken cancellationToken)
    {
        if ((options.Target ?? credentials.Target) is { } named)
        {
            return named;
        }

        var list = await permits.TargetsAsync(cancellationToken);
        var names = list.GetProperty("items").EnumerateArray()
            .Where(target => Text(target, "gate") == "hook")
            .Select(target => Text(target, "name")).ToList();
        return names is [var only] ? only : throw new HookFailure(names.Count == 0
            ? "The server has no target with gate: hook that this agent may use; put one into its configuration."
            : $"The server has several targets with gate: hook ({string.Join(", ", names)}); name one with --target.");
    }

    /// <summary>The outcome, for the permit that the other process of this hook claimed.</summary>
    private async Task ReportAsync(HookEvent.After after, CancellationToken cancellationToken)
    {
        if (new PermitNotes(world.Folders.State, world.Time).Take(options.Host.Name, after.Use) is not { } note)
        {
            // Not gated here, or reported already.
            return;
        }

        var credentials = HookCredentials.Load(options.Credentials, world.Variable, world.Folders);
        var permits = new PermitApi(credentials, world.Http, world.Time);
        await permits.ReportAsync(note, after.Error, cancellationToken);
    }

    /// <summary>
    /// Tells the server that a session begins, and the user at once if every call of it will be blocked.
    /// </summary>
    private async Task GreetAsync(HookEvent.Begin begin, CancellationToken cancellationToken)
    {
        new PermitNotes(world.Folders.State, world.Time).Sweep();
        var credentials = HookCredentials.Load(options.Credentials, world.Variable, world.Folders);
        var permits = new PermitApi(credentials, world.Http, world.Time);
        var use = new ToolUse(HookGate.SessionStart, HookInput.Parse("{}"))
        {
            Session = begin.Session, Directory = begin.Directory, Event = HookGate.SessionStart,
        };
        var target = await FindTargetAsync(permits, credentials, cancellationToken);
        var request = new PermitRequest(options.Host, use, target);
        await permits.RehearseAsync(request.Body, cancellationToken);
    }

    /// <summary>After the tool ran nothing can be blocked any more: a failure is told to the user only.</summary>
    private static async Task<HookOutput> NoteAsync(Func<Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act();
            return HookOutput.Silence;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            return new HookOutput(
                ExitCode.Failed, "", Core.Reviews.DisplayText.OneLine($"Countersign: {failure.Message}").Text + "\n");
        }
    }

    private static string StateOf(JsonElement action) => Text(action, "state");

    private static long? ClaimOf(JsonElement action) =>
        action.TryGetProperty("permit", out var permit)
        && permit.ValueKind == JsonValueKind.Object
        && permit.TryGetProperty("claim", out var claim)
        && claim.TryGetInt64(out var number)
            ? number
            : null;

    private static string ReviewOf(JsonElement action) =>
        action.TryGetProperty("review", out var review) && review.ValueKind == JsonValueKind.Object
            ? Text(review, "url")
            : "";

    private static string Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new HookFailure($"The server's answer has no '{name}'.");
}
