namespace Countersign.Tests.Cli.Hook;

/// <summary>What coding agents write to their hooks: the first three as captured, the others as documented.</summary>
internal static class Told
{
    public const string ClaudeCode =
        """
        {"session_id":"s1","transcript_path":"/t.jsonl","cwd":"/src","prompt_id":"p","permission_mode":"default",
         "effort":{"level":"medium"},"hook_event_name":"PreToolUse","tool_name":"Bash",
         "tool_input":{"command":"rm build.log","description":"Remove the log"},"tool_use_id":"toolu_1"}
        """;

    public const string Codex =
        """
        {"session_id":"s1","turn_id":"t1","transcript_path":"/t.jsonl","cwd":"/src","hook_event_name":"PreToolUse",
         "model":"m","permission_mode":"bypassPermissions","tool_name":"Bash","tool_input":{"command":"rm build.log"},
         "tool_use_id":"call_1"}
        """;

    public const string Gemini =
        """
        {"session_id":"s1","transcript_path":"/t.json","cwd":"/src","hook_event_name":"BeforeTool",
         "timestamp":"2026-11-20T16:02:14.925Z","tool_name":"run_shell_command",
         "tool_input":{"command":"rm build.log","description":"Remove the log"}}
        """;

    public const string Cursor =
        """
        {"conversation_id":"s1","generation_id":"g","model":"m","hook_event_name":"preToolUse","cursor_version":"3.0",
         "workspace_roots":["/src"],"user_email":null,"transcript_path":null,"tool_name":"Shell",
         "tool_input":{"command":"rm build.log"},"tool_use_id":"u1","cwd":"/src","agent_message":"Remove the log"}
        """;

    public const string Copilot =
        """
        {"sessionId":"s1","timestamp":1795190190036,"cwd":"/src","toolName":"bash",
         "toolArgs":"{\"command\":\"rm build.log\",\"description\":\"Remove the log\"}"}
        """;

    public static string By(string host) => host switch
    {
        "claude-code" => ClaudeCode,
        "codex" => Codex,
        "gemini" => Gemini,
        "cursor" => Cursor,
        _ => Copilot,
    };
}
