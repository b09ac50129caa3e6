/* form.c - a form that tells facts. Failure: no memory: out->failed. */
#include "wire/form.h"

void sx_form_begin(struct sx_buffer *out, const char *form_type)
{
    sx_buffer_add_text(out, "<x xmlns='jabber:x:data' type='result'>"
                            "<field var='FORM_TYPE' type='hidden'>");
    sx_form_add_value(out, form_type);
    sx_form_end_field(out);
}

void sx_form_end(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "</x>");
}

void sx_form_begin_field(struct sx_buffer *out, const char *var)
{
    sx_buffer_add_text(out, "<field");
    sx_buffer_add_attribute(out, "var", var);
    sx_buffer_add_text(out, ">");
}

void sx_form_add_value(struct sx_buffer *out, const char *value)
{
    sx_buffer_add_text(out, "<value>");
    sx_buffer_add_escaped(out, value);
    sx_buffer_add_text(out, "</value>");
}

void sx_form_end_field(struct sx_buffer *out)
{
    sx_buffer_add_text(out, "</field>");
}

void sx_form_add(struct sx_buffer *out, const char *var, const char *value)
{
    if (!value)
        return;
    sx_form_begin_field(out, var);
    sx_form_add_value(out, value);
    sx_form_end_field(out);
}
