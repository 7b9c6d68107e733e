package errs

// Code names a problem for programs, in snake_case: "codec_unsupported". A released code is never renamed or removed.
type Code string

// Codes is the registry of all codes, in the sections of docs/errors.md, which explains each. To add a code, add it
// here and there: a rule test compares both with every constant of type Code in the program.
var Codes = []Code{
	// In answers of the API.
	"body_malformed", "body_too_large", "bucket_refused", "busy", "caller_unknown", "command_unknown", "conflict",
	"content_type_invalid", "cursor_invalid", "etag_missing", "expires_in_out_of_range", "external_id_invalid",
	"field_invalid", "field_missing", "field_unknown", "file_name_invalid", "file_not_found", "forbidden",
	"idempotency_in_progress", "idempotency_key_invalid", "idempotency_key_reused", "inbox_gone", "internal",
	"invalid", "letter_changed", "letter_discarded", "letter_not_found", "letter_of_producer", "letter_settled",
	"letter_shortened", "limit_out_of_range", "metadata_key_invalid", "metadata_too_many", "metadata_value_invalid",
	"method_unknown", "name_invalid", "not_found", "numbers_out_of_range", "parameter_invalid", "parameter_repeated",
	"parameter_unknown", "part_changed", "part_missing", "part_order", "part_repeated", "part_too_small",
	"part_unknown", "playback_key_short", "prefix_invalid", "quota_exceeded", "quota_out_of_range",
	"rate_out_of_range", "reason_invalid",
	"request_refused", "route_unknown", "scope_missing", "scope_unknown", "scopes_missing",
	"sender_invalid", "size_mismatch", "size_out_of_range", "source_exists", "source_not_found",
	"tenant_exists", "tenant_not_found", "throttled", "title_invalid", "token_exists", "token_expired",
	"token_invalid", "token_shown", "too_large", "unauthenticated", "upload_cancelled", "upload_completed",
	"upload_exists", "upload_expired", "upload_not_found", "url_has_password", "url_invalid", "url_not_https",
	"url_not_public", "version_stale", "video_denied", "video_not_found", "video_not_ready", "window_stale",
	// Of videos that failed.
	"attempts_exhausted", "audio_codec_unsupported", "bucket_elsewhere", "bucket_not_registered", "cage_unavailable",
	"codec_unsupported", "cpu_exhausted", "decode_failed", "dimensions_unknown", "dimensions_unsupported",
	"disk_full", "duration_too_long", "duration_too_short", "empty", "encode_cancelled", "encode_stalled",
	"encode_timeout", "fetch_failed", "fetch_overdue", "ffmpeg_crashed", "ffmpeg_killed", "frame_rate_unsupported",
	"frames_missing", "malformed", "no_video", "not_a_video", "object_archived", "object_forbidden",
	"output_too_large", "pixels_too_many", "playlist_refused", "processing_failed", "processing_overdue",
	"remux_too_long", "renditions_differ", "segments_wrong", "source_cut_short", "source_gone", "source_replaced",
	"source_slow", "source_too_large", "source_unreachable", "streams_too_many", "truncated", "unreadable",
	"url_forbidden", "url_host_unknown", "url_not_found", "url_not_trusted", "url_port_refused", "url_redirects",
	"url_refused", "url_unavailable", "url_wrong_range",
	// In logs and dead letters only.
	"claim_lost", "command_forbidden", "message_invalid", "no_certificate", "not_local", "object_not_found",
	"object_replaced", "origin_forbidden", "origin_own", "sender_unknown", "task_missing", "tenant_unclear",
	"token_not_found", "type_not_taken", "type_unknown", "upload_gone",
}
