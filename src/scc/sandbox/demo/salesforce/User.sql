FROM user_record
