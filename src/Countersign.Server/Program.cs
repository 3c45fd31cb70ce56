using Countersign.Server.Cli;
using Countersign.Server.Cli.Hook;

// A coding agent waits for its hook before each call of a tool; nothing else is loaded on that way.
return HookEntry.TryRead(args) is { } hook ? HookEntry.Run(hook) : CommandTree.RunAsync(args).GetAwaiter().GetResult();
